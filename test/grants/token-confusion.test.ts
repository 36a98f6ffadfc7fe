import { memoryStores } from '@countersign/core/memory'
import { clientCredentials, createIntrospectionEndpoint, jwtBearer, refreshToken, tokenExchange } from '@countersign/grants'
import { hostUsers, passwordGrants } from '@countersign/grants/password'
import { createKeyRegistry } from '@countersign/keys'
import { fixedClock, publicJwkOf, testKeys } from '@countersign/testkit'
import { expect, it } from 'vitest'
import {
  accessTokenType,
  allowPeople,
  assertionSetup,
  basic,
  bearer,
  clientAssertionType,
  exchange,
  exchangeOf,
  issuer,
} from './assertion-setup.js'
import { audience, guardOf } from './endpoint-setup.js'

const secrets = { current: { id: 'r', secret: 'k'.repeat(32) } }
const mfa = 'urn:countersign:grant-type:mfa'

type Use = (token: string) => Promise<boolean>

/** Everything that is a token here, and every place where one is taken. */
async function start() {
  const clock = fixedClock()
  const stores = memoryStores({ now: clock.now })
  const { guard } = guardOf(clock)
  const registry = createKeyRegistry({
    issuer,
    store: stores.keys,
    revocations: stores.revocations,
    now: clock.now,
    requirePossession: true,
  })
  const codes: string[] = []
  const authenticator = hostUsers({
    findUser: async (name) => ({ subject: `person-${name}`, passwordHash: 'right', needsCode: true }),
    verifyPassword: async (hash, password) => hash === password,
    unknownUserHash: '-',
    sendCode: async (_user, code) => void codes.push(code),
  })
  const trusted = { verifier: guard.verifier, audiences: [audience] }
  const grants = [
    clientCredentials(),
    refreshToken({ secrets }),
    tokenExchange({ policy: ({ presented }) => ({ allow: true, isPerson: presented.kind === 'client_signed' }), trusted }),
    jwtBearer({ policy: allowPeople }),
    ...passwordGrants({ authenticator, now: clock.now }),
  ]
  const suite = assertionSetup({ clock, allStores: stores, registry, grants })
  const { id, secret } = await suite.register({
    grants: ['client_credentials', 'refresh_token', 'password', exchange, bearer],
    authMethods: ['client_secret_basic', 'private_key_jwt'],
    isFirstParty: true,
    refresh: { policy: 'rotating' },
  })
  const pending = (owner: string, kid: string, key = testKeys.rs256) =>
    registry.clientKeys.register({ owner, kid, jwk: publicJwkOf(key, { kid: undefined }) })
  const proof = (kid: string, key = testKeys.rs256) =>
    suite.jwtOf(id, { kid, key, typ: 'key-possession+jwt', claims: { sub: undefined, jti: undefined } })
  await pending(id, 'k1')
  await registry.clientKeys.confirm(id, 'k1', await proof('k1'))
  const headers = basic(id, secret)
  const is200 = async (...request: Parameters<typeof suite.ask>) => (await suite.ask(...request)).status === 200
  const common = { issuer, clients: suite.clients, stores, verifier: guard.verifier, refreshSecrets: secrets, now: clock.now }
  const introspection = createIntrospectionEndpoint({ ...common, audiencesOf: () => undefined })
  const ownTokens = async () => (await suite.ask({ grant_type: 'client_credentials' }, headers)).body
  const signed = (typ: string, sub: string | undefined) => () => suite.jwtOf(id, { typ, claims: { sub } })

  const kinds: Readonly<Record<string, () => Promise<string>>> = {
    'access token': async () => (await ownTokens()).access_token,
    'refresh token': async () => (await ownTokens()).refresh_token,
    'client assertion': signed('client-authentication+jwt', id),
    'subject token': signed('JWT', 'person-1'),
    assertion: signed('authorization-grant+jwt', 'person-1'),
    'proof of possession': () => proof('k1'),
    challenge: async () => (await suite.ask({ grant_type: 'password', username: 'ann', password: 'right' }, headers)).body.mfa_token,
  }
  const places: Readonly<Record<string, Use>> = {
    'at a guard': async (token) => (await guard.check({ headers: { authorization: `Bearer ${token}` } })).ok,
    'as refresh_token': (token) => is200({ grant_type: 'refresh_token', refresh_token: token }, headers),
    'as client_assertion': (token) =>
      is200({ grant_type: 'client_credentials', client_assertion: token, client_assertion_type: clientAssertionType }),
    'as assertion': (token) => is200({ grant_type: bearer, assertion: token }),
    'as subject_token, jwt': (token) => is200(exchangeOf(token), headers),
    'as subject_token, access_token': (token) => is200(exchangeOf(token, { subject_token_type: accessTokenType }), headers),
    'as mfa_token': (token) => is200({ grant_type: mfa, mfa_token: token, code: codes.at(-1) ?? '000000' }, headers),
    'as client_secret': (token) => is200({ grant_type: 'client_credentials' }, basic(id, token)),
    'as password': (token) => is200({ grant_type: 'password', username: 'ann', password: token }, headers),
    'at introspection': async (token) => {
      const type = { 'content-type': 'application/x-www-form-urlencoded' }
      const body = new URLSearchParams({ token }).toString()
      const answer = await introspection({ method: 'POST', headers: { ...type, ...headers }, body })
      return (JSON.parse(String(answer.body)) as { active: boolean }).active
    },
    'as proof of possession': (token) => registry.clientKeys.confirm(id, 'k1', token),
  }
  return { ...suite, kinds, places, pending, registry, proof, id }
}

it('each kind of token is good in its own places and in no other', async () => {
  const { kinds, places } = await start()
  const accepted: Record<string, readonly string[]> = {}
  for (const [kind, make] of Object.entries(kinds)) {
    const good: string[] = []
    for (const [place, use] of Object.entries(places)) if (await use(await make())) good.push(place)
    accepted[kind] = good
  }
  expect(accepted).toEqual({
    'access token': ['at a guard', 'as subject_token, access_token', 'at introspection'],
    'refresh token': ['as refresh_token', 'at introspection'],
    'client assertion': ['as client_assertion'],
    'subject token': ['as assertion', 'as subject_token, jwt'],
    assertion: ['as assertion'],
    'proof of possession': [],
    challenge: ['as mfa_token'],
  })
})

it('a proof of possession is one by its type: nothing else that the client signs with the key is', async () => {
  const { jwtOf, pending, registry, proof, id } = await start()
  await pending(id, 'k2', testKeys.es384)
  for (const typ of ['JWT', 'client-authentication+jwt', 'authorization-grant+jwt', 'at+jwt']) {
    const other = await jwtOf(id, { kid: 'k2', key: testKeys.es384, typ, claims: { sub: id } })
    expect([typ, await registry.clientKeys.confirm(id, 'k2', other)]).toEqual([typ, false])
  }
  expect(await registry.clientKeys.confirm(id, 'k2', await proof('k2', testKeys.es384))).toBe(true)
})
