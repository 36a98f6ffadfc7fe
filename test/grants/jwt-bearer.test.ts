import { clientCredentials, jwtBearer, refreshToken } from '@countersign/grants'
import { testKeys } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { allowPeople, assertionSetup, basic, bearer, type Changes, issuer } from './assertion-setup.js'
import { audience, claimsOf } from './endpoint-setup.js'

async function start(
  changes: Parameters<ReturnType<typeof assertionSetup>['keyed']>[0] = {},
  options: Parameters<typeof assertionSetup>[0] = {},
) {
  const suite = assertionSetup({ grants: [jwtBearer()], ...options })
  const client = await suite.keyed({ id: 'robot@project', authMethods: ['private_key_jwt'], ...changes })
  const request = async (more: Changes = {}, further: Record<string, string> = {}) => ({
    grant_type: bearer,
    assertion: await suite.jwtOf(client.id, { ...more, claims: { sub: undefined, ...more.claims } }),
    ...further,
  })
  const present = async (more?: Changes, further?: Record<string, string>) => suite.outcomeOf(await request(more, further))
  return { ...suite, client, request, present }
}

describe('a service account', () => {
  it('gets a token for itself with nothing but an assertion that it signed, and no refresh token', async () => {
    const { ask, request, client } = await start({ refresh: { policy: 'rotating' } })
    const { status, body } = await ask(await request())
    expect(status).toBe(200)
    expect(Object.keys(body).sort()).toEqual(['access_token', 'expires_in', 'scope', 'token_type'])
    expect(claimsOf(body.access_token)).toMatchObject({ sub: client.id, client_id: client.id, aud: audience, scope: 'read write' })
  })

  it.each<[string, Record<string, unknown>, Record<string, string>, string]>([
    ['inside the assertion', { scope: 'read' }, {}, 'read'],
    ['in the request', {}, { scope: 'write' }, 'write'],
    ['in both, the request narrower', { scope: 'read write' }, { scope: 'read' }, 'read'],
    ['in both, the request wider', { scope: 'read' }, { scope: 'read write' }, '400 invalid_scope scope_not_allowed'],
    ['inside the assertion, beyond the client', { scope: 'read admin' }, {}, '400 invalid_scope scope_not_allowed'],
    ['that is no text', { scope: ['read'] }, {}, '400 invalid_scope malformed_scope'],
    ['that is empty', { scope: '' }, {}, 'read write'],
  ])('asks for scopes %s', async (_where, claims, further, answer) => {
    const { ask, request, present } = await start()
    if (answer.startsWith('400')) expect(await present({ claims }, further)).toBe(answer)
    else expect((await ask(await request({ claims }, further))).body.scope).toBe(answer)
  })

  it('is told by client_id too, which has to be its own', async () => {
    const { present, client, register } = await start()
    const other = await register()
    expect(await present({}, { client_id: client.id })).toBe('200')
    expect(await present({}, { client_id: other.id })).toBe('401 invalid_client wrong_method_of_client')
  })

  it('may be known by another name', async () => {
    const clientIdOf = (iss: string) => (iss === 'https://robots.example/7' ? 'robot@project' : undefined)
    const { present } = await start({ assertion: { issuer: 'https://robots.example/7' } }, { grants: [jwtBearer({ clientIdOf })] })
    expect(await present({ claims: { iss: 'https://robots.example/7' } })).toBe('200')
    expect(await present()).toBe('401 invalid_client no_authentication')
  })

  it('speaks for nobody but itself, unless a policy lets it', async () => {
    const { present } = await start()
    expect(await present({ claims: { sub: 'robot@project' } })).toBe('200')
    expect(await present({ claims: { sub: 'person-1' } })).toBe('400 invalid_grant denied_by_policy')
    const { ask, request } = await start({}, { grants: [jwtBearer({ policy: allowPeople })] })
    const { body } = await ask(await request({ claims: { sub: 'person-1' } }))
    expect(claimsOf(body.access_token)).toMatchObject({ sub: 'person-1', client_id: 'robot@project' })
    // Nobody takes a client for a person.
    expect((await ask(await request())).body.error).toBe('invalid_grant')
  })

  it('that names nobody means itself, and its policy is asked about it', async () => {
    const policy: typeof allowPeople = ({ client, presented }) =>
      presented.subject === client.id ? { allow: true, isPerson: false } : undefined
    const { ask, request, client } = await start({}, { grants: [jwtBearer({ policy })] })
    expect(claimsOf((await ask(await request())).body.access_token).sub).toBe(client.id)
  })

  it('authenticates itself as well where it likes, and then only for itself', async () => {
    const { jwtOf, client, keyed, outcomeOf } = await start({ authMethods: ['client_secret_basic', 'private_key_jwt'] })
    const other = await keyed({}, testKeys.es256)
    const own = { grant_type: bearer, assertion: await jwtOf(client.id, { claims: { sub: undefined } }) }
    expect(await outcomeOf(own, basic(other.id, other.secret))).toBe('400 invalid_grant assertion_key_unknown')
    expect(await outcomeOf(own, basic(client.id, client.secret))).toBe('200')
    expect(await outcomeOf(own, basic(client.id, 'wrong'))).toBe('401 invalid_client wrong_secret')
  })

  it('gets a refresh token where grant and client say so', async () => {
    const secrets = { current: { id: 'r', secret: 'k'.repeat(32) } }
    const grants = [jwtBearer({ refreshTokens: true }), refreshToken({ secrets })]
    const { ask, request, jwtOf, client, outcomeOf } = await start({ refresh: { policy: 'fixed', lifetimeSeconds: 600 } }, { grants })
    const { body } = await ask(await request())
    const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
    const client_assertion = await jwtOf(client.id, { claims: { sub: client.id } })
    const refresh = { grant_type: 'refresh_token', refresh_token: body.refresh_token, client_assertion, client_assertion_type: type }
    expect(await outcomeOf(refresh)).toBe('200')
  })
})

describe('a stranger', () => {
  it('is told nothing of the client whose assertion it forges: not its scopes, its audiences, its grants, nor that it is there', async () => {
    const { present, keyed, outcomeOf, jwtOf } = await start()
    const forged = { key: testKeys.rs256Other }
    expect(await present(forged)).toBe('400 invalid_grant assertion_signature')
    expect(await present(forged, { scope: 'admin' })).toBe('400 invalid_grant assertion_signature')
    expect(await present(forged, { resource: 'https://other.example' })).toBe('400 invalid_grant assertion_signature')
    const other = await keyed({ grants: ['client_credentials'] }, testKeys.es256)
    const theirs = await jwtOf(other.id, { key: testKeys.es256Other })
    expect(await outcomeOf({ grant_type: bearer, assertion: theirs })).toBe('400 invalid_grant assertion_signature')
    expect(await present({ claims: { iss: 'nobody' } })).toBe('400 invalid_grant unknown_client')
  })

  it('that is the client is told', async () => {
    const { present, keyed, outcomeOf, jwtOf } = await start()
    expect(await present({}, { scope: 'admin' })).toBe('400 invalid_scope scope_not_allowed')
    const other = await keyed({ grants: ['client_credentials'] }, testKeys.es256)
    const theirs = await jwtOf(other.id, { key: testKeys.es256 })
    expect(await outcomeOf({ grant_type: bearer, assertion: theirs })).toBe('400 unauthorized_client grant_not_allowed')
  })

  it('gets one body for every fault of an assertion', async () => {
    const { ask, request } = await start()
    const answers = [
      await ask(await request({ key: testKeys.rs256Other })),
      await ask(await request({ claims: { aud: 'x' } })),
      await ask(await request({ claims: { exp: 1 } })),
      await ask(await request({ claims: { iss: 'nobody' } })),
      await ask(await request({ kid: 'x' })),
    ]
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
  })

  it('is counted: requests that only their assertion identifies have limits like others', async () => {
    const { present } = await start({}, { rateLimits: { requests: { limit: 2, windowSeconds: 60 } } })
    const forged = { key: testKeys.rs256Other }
    expect([await present(forged), await present(forged), await present(forged)].at(-1)).toBe(
      '429 temporarily_unavailable too_many_requests',
    )
  })
})

it('an assertion that identifies its client is judged once in each request', async () => {
  const { registry, present } = await start()
  const { find } = registry.clientKeys
  let asked = 0
  Object.assign(registry.clientKeys, {
    find: (query: Parameters<typeof find>[0]) => {
      asked += 1
      return find(query)
    },
  })
  const times: number[] = []
  for (const changes of [{ key: testKeys.rs256Other }, {}, {}]) {
    asked = 0
    await present(changes)
    times.push(asked)
  }
  // Of a good one, the key is looked at again when the status is checked and after the commit.
  expect(times).toEqual([1, 3, 3])
})

describe('the request of an assertion', () => {
  it('without one is refused', async () => {
    const { outcomeOf, client } = await start({ authMethods: ['client_secret_basic'] })
    expect(await outcomeOf({ grant_type: bearer }, basic(client.id, client.secret))).toBe('400 invalid_request missing_parameter')
    expect(await outcomeOf({ grant_type: bearer })).toBe('401 invalid_client no_authentication')
  })

  it('is nothing to other grants: client_credentials is not had with it', async () => {
    const { request, outcomeOf } = await start({}, { grants: [jwtBearer(), clientCredentials()] })
    expect(await outcomeOf(await request({}, { grant_type: 'client_credentials' }))).toBe('401 invalid_client no_authentication')
  })

  it('lives no longer than the assertion', async () => {
    const { ask, request, clock } = await start()
    const exp = clock.now() / 1000 + 42
    expect((await ask(await request({ claims: { exp } }))).body.expires_in).toBe(42)
  })
})

it('jwtBearer with an option that is none is a TypeError', () => {
  expect(() => jwtBearer({ policy: 'x' as never })).toThrow(TypeError)
  expect(() => jwtBearer({ clientIdOf: 'x' as never })).toThrow(TypeError)
  expect(() => jwtBearer({ trusted: { audiences: [issuer] } as never })).toThrow(TypeError)
})
