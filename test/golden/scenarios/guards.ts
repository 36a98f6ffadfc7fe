import { signToken } from '@countersign/testkit'
import {
  createGuard,
  jwks,
  optional,
  protectedResourceMetadata,
  requireAnyScope,
  requireAuthentication,
  requireClaims,
  requireScopes,
  staticKeys,
} from '@countersign/verifier'
import {
  api,
  basicOf,
  downIssuer,
  es256Other,
  issuer,
  nonceSecrets,
  otherIssuer,
  ourKey,
  ourKid,
  peopleIssuer,
  peopleKey,
  rs256Other,
  startsAt,
} from '../constants.js'
import type { Ask } from '../recorder.js'
import { personToken, type Scenario, textOf } from '../scenario.js'
import type { World } from '../world.js'

/** A guard of everything that a world issues, of people, and of an issuer whose keys cannot be fetched. */
function guardOf({ issuers, view, clock }: World, dialect = false) {
  return createGuard({
    resource: api,
    metadata: { scopesSupported: ['read'], resourceName: 'The API' },
    ...(dialect && { realm: 'other', tokenFrom: { query: true } }),
    issuers: {
      ...issuers,
      down: jwks({ issuer: downIssuer, url: 'https://down.example/jwks.json', algorithms: ['RS256'], audience: api }),
      shared: staticKeys({ issuer: otherIssuer, secrets: nonceSecrets, algorithms: ['HS256'], audience: api }),
    },
    revocations: view,
    fetch: async () => {
      throw new Error('connection refused')
    },
    now: clock.now,
    random: () => 0,
  })
}

type Get = (name: string, path: string, token?: string, headers?: Readonly<Record<string, string>>) => ReturnType<Ask>

const getting =
  (ask: Ask): Get =>
  (name, path, token, headers = {}) =>
    ask(name, { method: 'GET', path, headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }), ...headers } })

const claims = { iss: issuer, sub: 'u-ann', aud: api, client_id: 'app', iat: startsAt, exp: startsAt + 300, jti: 'j-1', scope: 'read' }
const own = (changes: object = {}, header: Readonly<Record<string, unknown>> = {}, key = ourKey): Promise<string> =>
  signToken({ claims: { ...claims, ...changes }, key, header: { typ: 'at+jwt', kid: ourKid, ...header } })

async function credentials(get: Get): Promise<void> {
  await get('no credentials', '/read')
  await get('no credentials, where they are optional', '/optional')
  await get('Basic', '/read', undefined, basicOf('app'))
  await get('an empty Bearer', '/read', undefined, { authorization: 'Bearer' })
  await get('two words', '/read', 'a b')
  await get('what is not a JWT', '/read', 'abc')
  await get('too large', '/read', 'a'.repeat(9000))
  await get('in the query, where that is off', '/read?access_token=abc')
  await get('a JWT without a signature', '/read', `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`)
}

async function tokens(get: Get): Promise<void> {
  await get('another issuer', '/read', await own({ iss: 'https://evil.example' }))
  await get('a kid that is not known', '/read', await own({}, { kid: 'none' }))
  await get('another key', '/read', await personToken({ scope: 'read' }, rs256Other))
  await get('another key of ours', '/read', await own({}, {}, es256Other))
  await get('another algorithm', '/read', await own({}, {}, peopleKey))
  await get('another type', '/read', await own({}, { typ: 'JWT' }))
  await get('signed with our key', '/read', await own())
  await get('of people', '/read', await personToken({ aud: api }))
  await get('of people, for another audience', '/read', await personToken({ aud: 'https://x.example' }))
  await get('of people, expired', '/read', await personToken({ exp: startsAt - 100 }))
  await get('of people, not valid yet', '/read', await personToken({ nbf: startsAt + 100 }))
  await get('of people, issued in the future', '/read', await personToken({ iat: startsAt + 1000, exp: startsAt + 2000 }))
  await get('of people, without an end', '/read', await personToken({ exp: undefined }))
  await get('of people, bound to a key', '/read', await personToken({ cnf: { jkt: 'x' } }))
  await get('of people, with a wrong type', '/read', await personToken({ sub: 1 }))
  await get('an issuer whose keys cannot be fetched', '/read', await personToken({ iss: downIssuer, aud: api }))
}

async function requirements(get: Get, token: string): Promise<void> {
  const strong = await personToken({ aud: api, acr: 'aal2' })
  await get('of ours', '/read', token)
  await get('of ours, again', '/read', token)
  await get('a scope that is missing', '/write-and-admin', token)
  await get('one of two scopes', '/any', token)
  await get('none of two scopes', '/none', token)
  await get('a claim', '/claims', token)
  await get('a sign-in that is strong and recent', '/strong', strong)
  await get('a sign-in that is neither', '/strong', await personToken({ aud: api }))
  await get('a sign-in that is too long ago', '/strong', await personToken({ aud: api, acr: 'aal2', auth_time: startsAt - 1000 }))
  await get('a bad token, where credentials are optional', '/optional', 'abc')
  await get('a good token, where credentials are optional', '/optional', token)
  await get('in the query', `/query?access_token=${token}`)
  await get('in the query and the header', `/query?access_token=${token}`, token)
  await get('nothing, in another realm', '/query')
}

export const guards: Scenario = {
  name: 'guards',
  mount(app, world) {
    const [guard, other] = [guardOf(world), guardOf(world, true)]
    const seen = (path: string, of: typeof guard, requirements: Parameters<typeof app.protect>[2]): void =>
      app.protect(path, of, requirements, (request) => request.optionalAuthOf(of)?.claims ?? { anonymous: true })
    seen('/read', guard, [requireScopes('read')])
    seen('/write-and-admin', guard, [requireScopes('write'), requireScopes('admin')])
    seen('/any', guard, [requireAnyScope('admin', 'read')])
    seen('/none', guard, [requireAnyScope('x', 'y')])
    seen('/claims', guard, [requireClaims(({ claims: { owner } }) => owner === 'FD2')])
    seen('/strong', guard, [requireAuthentication({ acr: ['aal2', 'aal3'], maxAgeSeconds: 600 })])
    seen('/optional', guard, [optional()])
    seen('/query', other, [])
    app.routes(protectedResourceMetadata(guard))
  },
  async run({ clients, clock, view }, ask) {
    const get = getting(ask)
    await get('metadata', '/.well-known/oauth-protected-resource')
    await credentials(get)
    await tokens(get)
    const token = textOf(
      await ask('a token', { headers: basicOf('app'), form: { grant_type: 'client_credentials', scope: 'read write' } }),
      'access_token',
    )
    await requirements(get, token)
    const person = await personToken({ aud: api, jti: 'p-1' })
    await view.revoke({ type: 'jti', issuer: peopleIssuer, jti: 'p-1', expiresAt: startsAt + 300 })
    await get('a token that was revoked', '/read', person)
    await clients.lock('app')
    await get('the client was locked', '/read', token)
    const second = textOf(
      await ask('another token', { headers: basicOf('fixed'), form: { grant_type: 'client_credentials', scope: 'read' } }),
      'access_token',
    )
    await view.revoke({ type: 'signing_key', issuer, kid: ourKid })
    await get('the key was revoked', '/read', second)
    clock.advance(1000)
    await get('a token that has expired', '/read', second)
  },
}
