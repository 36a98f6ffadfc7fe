import { randomBytes } from 'node:crypto'
import { memoryStores } from '@countersign/core/memory'
import { clientCredentials, createClients, createTokenEndpoint } from '@countersign/grants'
import { createKeyRegistry, remoteClientKeys } from '@countersign/keys'
import { createNonces } from '@countersign/nonce'
import { createFakeIssuer, signToken, testKeys } from '@countersign/testkit'
import { createGuard, createSharedRevocations, createVerifier, jwks } from '@countersign/verifier'
import { afterEach, expect, it, onTestFinished, vi } from 'vitest'
import { signer } from '../grants/endpoint-setup.js'
import { answerTo, audience, entryOf } from '../verifier/guard-setup.js'
import { bogusToken } from '../verifier/remote-jwks-setup.js'

const pepper = { current: { id: 'p1', secret: randomBytes(32) } }

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const secondsNow = (): number => Math.floor(Date.now() / 1000)

async function freshToken(lifetimeSeconds: number): Promise<string> {
  const now = secondsNow()
  return signToken({
    claims: { iss: 'https://issuer.test', aud: audience, sub: 'user-1', iat: now, exp: now + lifetimeSeconds, scope: 'read' },
    key: testKeys.es256,
  })
}

it('a guard made before fake timers refuses a token that has expired by them', async () => {
  const guard = createGuard({ issuers: { main: entryOf() } })
  onTestFinished(() => guard.close())
  const token = await freshToken(60)
  expect(await answerTo(guard, token)).toBe('200 main')
  vi.useFakeTimers({ now: Date.now() + 3_600_000 })
  expect(await answerTo(guard, token)).toBe('401 expired')
})

it('a verifier made before Date.now was replaced sees the replacement', async () => {
  const verifier = createVerifier({ issuers: { main: entryOf() } })
  onTestFinished(() => verifier.close())
  const token = await freshToken(60)
  const later = Date.now() + 3_600_000
  vi.spyOn(Date, 'now').mockReturnValue(later)
  expect(await verifier.verify(token)).toMatchObject({ ok: false, refusal: { reason: 'expired' } })
})

it('a guard made before fetch was replaced asks the replacement for keys', async () => {
  const issuer = await createFakeIssuer({ audience })
  onTestFinished(() => issuer.close())
  const guard = createGuard({ issuers: { main: jwks({ issuer: issuer.issuer, url: issuer.jwksUrl, algorithms: ['ES256'], audience }) } })
  onTestFinished(() => guard.close())
  const mock = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => Response.json({ keys: [] }))
  expect(await answerTo(guard, await issuer.token())).toBe('401 unknown_key')
  expect(mock).toHaveBeenCalled()
  expect(issuer.fetches.jwks).toBe(0)
})

it('keys of clients made before fetch was replaced are asked of the replacement', async () => {
  const keys = remoteClientKeys({
    jwksUri: () => 'https://client.example/keys',
    allowedOrigins: ['https://client.example'],
    algorithms: ['ES256'],
  })
  onTestFinished(() => keys.close())
  const mock = vi.spyOn(globalThis, 'fetch').mockImplementation(async () => Response.json({ keys: [] }))
  expect(await keys.find({ clientId: 'c', kid: 'k', algorithm: 'ES256' })).toEqual({ ok: false, reason: 'unknown' })
  expect(mock).toHaveBeenCalled()
})

it('a token endpoint made before fake timers issues tokens at their time', async () => {
  const stores = memoryStores()
  const clients = createClients({ store: stores.clients, pepper })
  const registered = await clients.register({ grants: ['client_credentials'], scopes: ['read'] })
  if (!registered.ok) expect.fail('the client was not registered')
  const endpoint = createTokenEndpoint({ issuer: 'https://auth.example', signer, clients, grants: [clientCredentials()], audience, stores })
  const later = Math.floor(Date.now() / 1000) * 1000 + 3_600_000
  vi.useFakeTimers({ now: later })
  const reply = await endpoint({
    method: 'POST',
    url: '/token',
    headers: {
      authorization: `Basic ${Buffer.from(`${registered.client.id}:${registered.secret?.secret}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: { grant_type: 'client_credentials' },
  })
  expect(reply.status).toBe(200)
  const { access_token: token } = JSON.parse(String(reply.body)) as { access_token: string }
  const { iat } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { iat: number }
  expect(iat).toBe(later / 1000)
})

it('nonces and memory stores made before fake timers end by them', async () => {
  const nonces = createNonces({
    issuer: 'https://auth.example',
    audience: 'sign-up',
    lifetimeSeconds: 60,
    secrets: { current: { id: '1', secret: randomBytes(64) } },
    store: memoryStores().nonces,
    purposes: { register: {} },
  })
  const issued = await nonces.issue({ clientId: 'c' })
  if (!issued.ok) expect.fail('no nonce was issued')
  vi.useFakeTimers({ now: Date.now() + 3_600_000 })
  expect(await nonces.spend(issued.token, 'register')).toMatchObject({ ok: false, refusal: { reason: 'expired' } })
})

it('a memory store made before fake timers forgets a claim by them', async () => {
  const { replay } = memoryStores()
  const claim = { purpose: 'private_key_jwt', id: 'one', issuedAgoMs: 0, ttlMs: 60_000 }
  expect(await replay.claim(claim)).toBe('claimed')
  expect(await replay.claim(claim)).toBe('replayed')
  vi.useFakeTimers({ now: Date.now() + 3_600_000 })
  expect(await replay.claim(claim)).toBe('claimed')
})

it('a key registry made before fake timers dates its keys by them', async () => {
  const registry = createKeyRegistry({
    issuer: 'https://auth.example',
    store: memoryStores().keys,
    encryption: { current: { id: '1', secret: randomBytes(32) } },
  })
  const later = Math.floor(Date.now() / 1000) + 3_600
  vi.useFakeTimers({ now: later * 1000 })
  await registry.ready()
  expect((await registry.signing.list()).map(({ activeAt }) => activeAt)).toEqual([later])
})

it('a token with an unknown kid is answered under fake timers that nobody moves', async () => {
  const issuer = await createFakeIssuer({ audience })
  onTestFinished(() => issuer.close())
  const guard = createGuard({ issuers: { main: jwks({ issuer: issuer.issuer, url: issuer.jwksUrl, algorithms: ['ES256'], audience }) } })
  onTestFinished(() => guard.close())
  await answerTo(guard, bogusToken(issuer, 'warms the cache'))
  vi.useFakeTimers()
  // Two loads are allowed at once; the third token waits for its turn.
  for (const index of [0, 1, 2]) expect(await answerTo(guard, bogusToken(issuer, `unknown-${index}`))).toBe('401 unknown_key')
})

it('a server of keys that never answers is an outage under fake timers that nobody moves', async () => {
  const silent = (): Promise<never> => new Promise(() => undefined)
  const entry = jwks({
    issuer: 'https://issuer.test',
    url: 'https://issuer.test/keys',
    algorithms: ['ES256'],
    audience,
    timeoutSeconds: 0.2,
  })
  const guard = createGuard({ issuers: { main: entry }, fetch: silent })
  onTestFinished(() => guard.close())
  vi.useFakeTimers()
  expect(await answerTo(guard, await freshToken(60))).toBe('503 key_source_unavailable')
})

it('shared revocations made before fake timers are read again when they are old by them', async () => {
  const { revocations: store } = memoryStores()
  const revocations = createSharedRevocations({ store, maxStalenessSeconds: 5, onStale: 'refuse' })
  onTestFinished(() => revocations.close())
  await revocations.ready()
  const guard = createGuard({ issuers: { main: entryOf() }, revocations })
  const token = await freshToken(7_200)
  vi.useFakeTimers({ now: Date.now() + 3_600_000 })
  await store.revoke({ type: 'subject', issuer: 'https://issuer.test', subject: 'user-1', notBefore: secondsNow() }, { ttlMs: 60_000 })
  expect(await answerTo(guard, token)).toBe('401 revoked_subject')
})
