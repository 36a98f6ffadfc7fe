import { memoryStores } from '@countersign/core/memory'
import { createKeySet, createSigner, importJwk, selectKey } from '@countersign/jwt'
import { createKeyRegistry, type KeyRegistry } from '@countersign/keys'
import { createNonces, type Nonces } from '@countersign/nonce'
import {
  type FixedClock,
  fixedClock,
  malformedTokens,
  privateKeyOf,
  publicJwkOf,
  renameKey,
  type TestKey,
  testKeys,
} from '@countersign/testkit'
import { describe, expect, it, onTestFinished } from 'vitest'
import { decoded, issued, issuer, optionsOf, type Purpose, spending, startNonces, startsAt, watched } from './nonce-setup.js'

interface WithRegistry {
  readonly registry: KeyRegistry
  readonly nonces: Nonces<Purpose>
  readonly clock: FixedClock
}

async function startWithRegistry(): Promise<WithRegistry> {
  const clock = fixedClock(startsAt)
  const stores = memoryStores({ now: clock.now })
  const registry = createKeyRegistry({
    issuer,
    store: stores.keys,
    revocations: stores.revocations,
    encryption: { current: { id: 'kek', secret: Buffer.alloc(32, 7) } },
    now: clock.now,
  })
  onTestFinished(() => registry.close())
  await registry.ready()
  const { signer, source: keys } = registry
  const options = { store: stores.nonces, now: clock.now, secrets: undefined, algorithm: 'ES256', signer, keys }
  return { registry, nonces: createNonces(optionsOf(options)), clock }
}

/** Nonces that one test key signs; the source has no other. */
function startWithKey(key: TestKey, changes: object = {}): ReturnType<typeof startNonces> {
  const imported = importJwk(publicJwkOf(key))
  if (!imported.ok) throw new Error(imported.reason)
  const set = createKeySet([imported.key])
  const signer = createSigner({ key: privateKeyOf(key), algorithm: key.alg, kid: key.kid })
  return startNonces({
    secrets: undefined,
    algorithm: key.alg,
    signer: { current: () => signer },
    keys: { find: (query: Parameters<typeof selectKey>[1]) => ({ key: selectKey(set, query), set }) },
    ...changes,
  })
}

describe('nonces that the keys of a registry sign', () => {
  it('name the key and are spent once', async () => {
    const { registry, nonces } = await startWithRegistry()
    const token = await issued(nonces)
    expect(decoded(token).header).toEqual({ alg: 'ES256', typ: 'nonce+jwt', kid: (await registry.signer.current()).kid })
    expect(await spending(nonces, token)).toBe('spent')
    expect(await spending(nonces, token)).toBe('401 replayed')
  })

  it('outlive the rotation of the key, and end with its revocation', async () => {
    const { registry, nonces, clock } = await startWithRegistry()
    const first = (await registry.signer.current()).kid
    const token = await issued(nonces)
    const next = await registry.signing.generate()
    if (!next.ok) throw new Error('not made')
    await registry.signing.activate(next.kid, { force: true })
    clock.advance(10)
    expect(decoded(await issued(nonces)).header.kid).toBe(next.kid)
    expect(await spending(nonces, token, 'sms')).toBe('spent')
    await registry.signing.revoke(first)
    expect(await spending(nonces, token, 'login')).toBe('401 unknown_key')
  })

  it('are refused to be issued when the signer has another algorithm than was said', async () => {
    const { registry } = await startWithRegistry()
    const { signer, source: keys } = registry
    const nonces = createNonces(optionsOf({ secrets: undefined, algorithm: 'ES384', signer, keys }))
    await expect(nonces.issue({ clientId: 'c' })).rejects.toThrow(TypeError)
  })
})

describe.each([testKeys.es256, testKeys.rs256, testKeys.ps256, testKeys.eddsa, testKeys.es512])('nonces signed with $alg', (key) => {
  it('are spent, and every malformed relative of one is refused for a reason that fits and spends nothing', async () => {
    // The attacks know the type 'nonce+jwt', and change audiences that are URLs.
    const options = { typ: 'login+jwt', audience: 'https://api.test', purposes: { login: {} } }
    const { nonces, stores, clock } = startWithKey(key, options)
    const store = watched(stores.nonces)
    const { nonces: counting } = startWithKey(key, { ...options, store, now: clock.now })
    const token = await issued(nonces)
    const wrong: string[] = []
    for (const { family, name, token: malformed, reasons } of malformedTokens(token, key, { now: clock.now })) {
      const outcome = await counting.spend(malformed, 'login')
      const reason = outcome.ok ? 'SPENT' : outcome.refusal.reason
      if (reason === 'SPENT' || !reasons.includes(reason)) wrong.push(`${family}: ${name}: ${reason}, not ${reasons.join(' or ')}`)
    }
    expect(wrong).toEqual([])
    expect(store.asked).toEqual([])
    expect(await spending(counting, token)).toBe('spent')
  })
})

it('a key of the same kind that nobody trusts signs no nonce, under its own name or the trusted one', async () => {
  const { nonces, stores } = startWithKey(testKeys.es256)
  for (const kid of [testKeys.es256.kid, 'stranger']) {
    const stranger = startWithKey(renameKey(testKeys.es256Other, { kid }), { store: stores.nonces })
    expect(await spending(nonces, await issued(stranger.nonces))).toBe(kid === 'stranger' ? '401 unknown_key' : '401 signature')
  }
})

it('keys that cannot be told are an outage, and so is a signer that is not there', async () => {
  const gone = async (): Promise<never> => {
    const { Unavailable } = await import('@countersign/core')
    throw new Unavailable('key_source_unavailable')
  }
  const key = testKeys.es256
  const token = await issued(startWithKey(key).nonces)
  await expect(startWithKey(key, { keys: { find: gone } }).nonces.spend(token, 'login')).rejects.toMatchObject({
    reason: 'key_source_unavailable',
  })
  await expect(startWithKey(key, { signer: { current: gone } }).nonces.issue({ clientId: 'c' })).rejects.toMatchObject({
    reason: 'key_source_unavailable',
  })
})
