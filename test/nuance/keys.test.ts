import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type App, startApp } from './nuance-app.js'
import {
  type As,
  basic,
  day,
  errorOf,
  exchange,
  keysOf,
  operate,
  ping,
  refusalOf,
  seconds,
  send,
  signed,
  subjectClaims,
  subjectHeader,
  tokenPath,
} from './nuance-requests.js'
import { keyOf, type Pair, rsaPair, type SeedFile, seedClient, writeSeed } from './nuance-seed.js'

const seeded = rsaPair()
const [old, next] = [rsaPair(), rsaPair()]
const client = (id: string): As => ({ id, secret: `secret-of-${id}` })
const [lister, roller, retirer, leaker, locked, other] = ['lister', 'roller', 'retirer', 'leaker', 'locked', 'other'].map(client) as [
  As,
  As,
  As,
  As,
  As,
  As,
]
const running: { app: App; seed: SeedFile } = {} as never

beforeAll(async () => {
  const now = seconds()
  const clients = [lister, roller, retirer, leaker, locked, other].map(({ id, secret }) =>
    seedClient({ client_id: id, client_secret: secret }),
  )
  const keys = [
    { ...keyOf('now', seeded), expires_at: now + day },
    { ...keyOf('past', rsaPair()), expires_at: new Date((now - day) * 1000).toISOString() },
    { ...keyOf('later', rsaPair()), not_before: now + day, expires_at: now + 2 * day },
  ]
  running.seed = await writeSeed(...clients.map((one) => (one.client_id === 'lister' ? { ...one, keys } : one)))
  running.app = await startApp({ SEED_FILE: running.seed.path })
})
afterAll(async () => {
  await running.app?.end()
  await running.seed?.remove()
})

const subjectToken = (kid: string, { privateKey }: Pair, claims: object = {}): string =>
  signed(privateKey, subjectClaims({ ...claims }), subjectHeader(kid))

describe('a client sees its keys', () => {
  it('with their states and their ends', async () => {
    const { status, body } = await keysOf(running.app, lister).list()
    expect(status).toBe(200)
    const states = body.keys.map(({ kid, alg, state, not_before, expires_at }) => [
      kid,
      alg,
      state,
      not_before !== undefined,
      typeof expires_at,
    ])
    expect(states).toEqual([
      ['now', 'RS256', 'active', false, 'number'],
      ['past', 'RS256', 'expired', false, 'number'],
      ['later', 'RS256', 'not_yet_valid', true, 'number'],
    ])
  })

  it('and nobody else’s, and nobody sees them without being somebody', async () => {
    for (const [as, expected] of [
      [other, '403 access_denied'],
      [{ ...lister, secret: 'wrong' }, '401 invalid_client'],
    ] as const) {
      const foreign = keysOf(running.app, as, 'lister')
      expect(errorOf(await foreign.list())).toBe(expected)
      expect(errorOf(await foreign.add(keyOf('k', rsaPair())))).toBe(expected)
      expect(errorOf(await foreign.end('now', '?reason=compromised'))).toBe(expected)
    }
    const anonymous = await send(running.app, '/oauth-server/clients/lister/keys')
    expect([errorOf(anonymous), anonymous.headers.get('www-authenticate')]).toEqual(['401 unauthorized', 'Basic realm="oauth2/client"'])
    expect((await keysOf(running.app, lister).list()).body.keys[0]?.state).toBe('active')
  })
})

describe('a client registers a key', () => {
  it('as PEM or as JWK, and uses it at once', async () => {
    const keys = keysOf(running.app, roller)
    const added = await keys.add({ kid: 'old', public_key_pem: old.pem, expires_at: seconds() + 5 })
    expect([added.status, added.body]).toEqual([201, expect.objectContaining({ kid: 'old', alg: 'RS256', state: 'active' })])
    const jwk = next.publicKey.export({ format: 'jwk' })
    expect((await keys.add({ kid: 'next', jwk })).status).toBe(201)
    // Both at once; then the old one ends by itself, and the other goes on.
    for (const [kid, pair] of [
      ['old', old],
      ['next', next],
    ] as const)
      expect(errorOf(await exchange(running.app, subjectToken(kid, pair), { as: roller }))).toBe('200')
    await expect
      .poll(() => keys.list().then(({ body }) => body.keys.map(({ state }) => state)), { timeout: 10_000 })
      .toEqual(['expired', 'active'])
    const late = () => exchange(running.app, subjectToken('old', old), { as: roller })
    expect(await refusalOf(running.app, late)).toBe('400 invalid_grant assertion_key_expired')
    expect(errorOf(await exchange(running.app, subjectToken('next', next), { as: roller }))).toBe('200')
  })

  it('that nobody has, under a name that it has not given', async () => {
    const mine = keysOf(running.app, other)
    expect(errorOf(await mine.add({ kid: 'k', public_key_pem: seeded.pem }))).toBe('409 key_taken')
    expect((await mine.add(keyOf('k', rsaPair()))).status).toBe(201)
    expect(errorOf(await mine.add(keyOf('k', rsaPair())))).toBe('409 kid_taken')
  })

  it.each<[name: string, key: () => object, error: string]>([
    ['a private one', () => ({ public_key_pem: old.privateKey.export({ type: 'pkcs8', format: 'pem' }) }), '400 private'],
    ['a short one', () => ({ public_key_pem: rsaPair(1024).pem }), '400 weak_rsa'],
    ['none', () => ({ public_key_pem: 'x' }), '400 malformed'],
    ['two', () => ({ public_key_pem: old.pem, jwk: {} }), '400 malformed'],
    ['one that is over', () => ({ public_key_pem: rsaPair().pem, expires_at: seconds() - 1 }), '400 bad_times'],
    ['a secret', () => ({ jwk: { kty: 'oct', k: 'c2VjcmV0' } }), '400 secret'],
  ])('and not %s', async (_name, key, error) => {
    expect(errorOf(await keysOf(running.app, other).add({ kid: 'wrong', ...key() }))).toBe(error)
  })

  it('of another kind, which then signs with its own algorithm only', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const added = await keysOf(running.app, other).add({ kid: 'ec', jwk: publicKey.export({ format: 'jwk' }) })
    expect([added.status, added.body]).toEqual([201, expect.objectContaining({ alg: 'ES256' })])
    const token = subjectToken('ec', old)
    expect(await refusalOf(running.app, () => exchange(running.app, token, { as: other }))).toBe('400 invalid_grant assertion_key_unknown')
  })
})

describe('a key ends', () => {
  it('retired: for what comes, not for what was obtained with it', async () => {
    const pair = rsaPair()
    const keys = keysOf(running.app, retirer)
    await keys.add(keyOf('k', pair))
    const { body } = await exchange(running.app, subjectToken('k', pair), { as: retirer })
    expect((await keys.end('k')).status).toBe(204)
    expect((await keys.list()).body.keys[0]?.state).toBe('retired')
    const again = () => exchange(running.app, subjectToken('k', pair), { as: retirer })
    expect(await refusalOf(running.app, again)).toBe('400 invalid_grant assertion_key_retired')
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect((await ping(running.app, body.access_token)).status).toBe(200)
  })

  it('compromised: with every token that was obtained with it, and no other one', async () => {
    const [bad, good] = [rsaPair(), rsaPair()]
    const keys = keysOf(running.app, leaker)
    await keys.add(keyOf('bad', bad))
    await keys.add(keyOf('good', good))
    const tokenOf = async (kid: string, pair: Pair): Promise<string> =>
      (await exchange(running.app, subjectToken(kid, pair), { as: leaker })).body.access_token
    const [ofBad, ofGood] = [await tokenOf('bad', bad), await tokenOf('good', good)]
    expect((await ping(running.app, ofBad)).status).toBe(200)
    expect(errorOf(await keys.end('bad', '?reason=stolen'))).toBe('400 invalid_request')
    expect((await keys.end('bad', '?reason=compromised')).status).toBe(204)
    const next = () => exchange(running.app, subjectToken('bad', bad), { as: leaker })
    expect(await refusalOf(running.app, next)).toBe('400 invalid_grant assertion_key_revoked')
    const backdated = () => exchange(running.app, subjectToken('bad', bad, { iat: seconds() - 60 }), { as: leaker })
    expect(await refusalOf(running.app, backdated)).toBe('400 invalid_grant assertion_key_revoked')
    await expect.poll(() => ping(running.app, ofBad).then(errorOf), { timeout: 2_000 }).toBe('401 invalid_token')
    expect((await ping(running.app, ofGood)).status).toBe(200)
    expect((await keys.list()).body.keys.map(({ state }) => state)).toEqual(['revoked', 'active'])
    // For ever, and for everybody.
    expect(errorOf(await keysOf(running.app, other).add(keyOf('taken', bad)))).toBe('409 key_taken')
    expect(errorOf(await keys.end('bad'))).toBe('404 not_found')
  })
})

describe('an operator', () => {
  it('locks a client: nothing of it works any more; unlocks it: nothing from before does', async () => {
    const pair = rsaPair()
    await keysOf(running.app, locked).add(keyOf('k', pair))
    const ofUser = (await exchange(running.app, subjectToken('k', pair), { as: locked })).body.access_token
    const credentials = () =>
      send(running.app, tokenPath, { headers: basic(locked.id, locked.secret), form: { grant_type: 'client_credentials' } })
    const ofClient = (await credentials()).body.access_token
    const answer = await operate(running.app, 'lock', 'locked')
    expect([answer.status, answer.body]).toEqual([200, { client_id: 'locked', locked: true }])
    for (const token of [ofUser, ofClient])
      await expect.poll(() => ping(running.app, token).then(errorOf), { timeout: 2_000 }).toBe('401 invalid_token')
    expect(await refusalOf(running.app, credentials)).toBe('401 invalid_client locked_client')
    const token = subjectToken('k', pair)
    expect(errorOf(await exchange(running.app, token, { as: locked }))).toBe('401 invalid_client')
    expect(errorOf(await keysOf(running.app, locked).list())).toBe('401 invalid_client')
    expect((await operate(running.app, 'unlock', 'locked')).body).toEqual({ client_id: 'locked', locked: false })
    const anew = (await exchange(running.app, token, { as: locked })).body.access_token
    await expect.poll(() => ping(running.app, anew).then(({ status }) => status), { timeout: 2_000 }).toBe(200)
    for (const dead of [ofUser, ofClient]) expect(errorOf(await ping(running.app, dead))).toBe('401 invalid_token')
  })

  it('has a token of his own, and clients that are there', async () => {
    for (const token of ['wrong', '', 'x'.repeat(10_000)])
      expect(errorOf(await operate(running.app, 'lock', 'other', token))).toBe('401 unauthorized')
    expect(errorOf(await operate(running.app, 'lock', 'nobody'))).toBe('404 not_found')
    expect((await keysOf(running.app, other).list()).status).toBe(200)
  })
})
