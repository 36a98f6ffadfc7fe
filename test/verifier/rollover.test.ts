import { generateKeyPairSync } from 'node:crypto'
import { publicJwkOf, renameKey, type TestKey, testKeys } from '@countersign/testkit'
import { createRevocations } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { startTrial, type Trial, until } from './remote-jwks-setup.js'

const { es256, es256Other, es256Third } = testKeys
const longLived = { lifetimeSeconds: 1_000_000 }
const unnamed = { ...longLived, header: { kid: undefined } }

/** An issuer whose JWK Set names no key. */
const startUnnamed = (...keys: readonly TestKey[]): Promise<Trial> => startTrial({}, {}, { keys, jwkMembers: { kid: undefined } })

const freshKeys = (count: number): TestKey[] =>
  Array.from({ length: count }, (_, index) => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    return renameKey({ ...es256, jwk: privateKey.export({ format: 'jwk' }) } as TestKey, { kid: `fresh-${index}` })
  })

describe('an issuer that names no keys', () => {
  it('may publish two: a token of either is admitted', async () => {
    const { issuer, ask } = await startUnnamed(es256, es256Other)
    for (const key of [es256, es256Other]) expect(await ask(await issuer.token({ ...unnamed, key }))).toBe('200')
    expect(await ask(await issuer.token({ ...unnamed, key: es256Third }))).toBe('401 signature')
  })

  it('rolls over: the first bad signature makes the keys load in the background, and the next token is admitted', async () => {
    const { issuer, ask, clock } = await startUnnamed(es256)
    expect(await ask(await issuer.token(unnamed))).toBe('200')
    issuer.replaceKey(es256.kid, es256Other)
    const token = await issuer.token({ ...unnamed, key: es256Other })
    clock.advance(61)
    expect(await ask(token)).toBe('401 signature')
    await until(() => issuer.fetches.jwks === 2)
    await until(() => issuer.requests.length === 2)
    await expect.poll(() => ask(token)).toBe('200')
  })

  it('rolls over to another algorithm in the same way', async () => {
    const { issuer, ask, clock } = await startUnnamed(es256)
    expect(await ask(await issuer.token(unnamed))).toBe('200')
    issuer.replaceKey(es256.kid, testKeys.eddsa)
    const token = await issuer.token({ ...unnamed, key: testKeys.eddsa })
    clock.advance(61)
    expect(await ask(token)).toBe('401 unknown_key')
    await expect.poll(() => ask(token)).toBe('200')
    expect(issuer.fetches.jwks).toBe(2)
  })

  it('has at most four keys tried for a token', async () => {
    const keys = freshKeys(5)
    const { issuer, ask } = await startUnnamed(...keys)
    const answers: string[] = []
    for (const key of keys) answers.push(await ask(await issuer.token({ ...unnamed, key })))
    expect(answers).toEqual(['200', '200', '200', '200', '401 signature'])
  })
})

describe('a token without kid of an issuer that names its keys', () => {
  it('is admitted under the key that verified it, and ends with exactly that key', async () => {
    const revocations = createRevocations()
    const { issuer, guard, ask } = await startTrial({}, { revocations }, { keys: [es256, es256Other] })
    const [one, other] = [await issuer.token({ ...unnamed, key: es256 }), await issuer.token({ ...unnamed, key: es256Other })]
    const outcome = await guard.verifier.verify(other)
    expect(outcome.ok && outcome.auth.kid).toBe(es256Other.kid)
    expect(await ask(one)).toBe('200')
    revocations.revoke({ type: 'signing_key', issuer: issuer.issuer, kid: es256Other.kid })
    // From the cache, and anew.
    expect(await ask(other)).toBe('401 revoked_key')
    expect(await ask(await issuer.token({ ...unnamed, key: es256Other }))).not.toBe('200')
    expect(await ask(one)).toBe('200')
    expect(await ask(await issuer.token({ ...unnamed, key: es256 }))).toBe('200')
  })

  it('is tried against four keys that were not revoked: the revoked ones take no place', async () => {
    const revocations = createRevocations()
    const keys = freshKeys(6)
    const { issuer, ask } = await startTrial({}, { revocations }, { keys })
    const last = await issuer.token({ ...unnamed, key: keys[5] as TestKey })
    expect(await ask(last)).toBe('401 signature')
    for (const { kid } of keys.slice(0, 2)) revocations.revoke({ type: 'signing_key', issuer: issuer.issuer, kid })
    expect(await ask(last)).toBe('200')
    expect(await ask(await issuer.token({ ...unnamed, key: keys[0] as TestKey }))).toBe('401 signature')
  })

  it('is refused as of a revoked key when every key that fits was revoked', async () => {
    const revocations = createRevocations()
    const { issuer, ask } = await startTrial({}, { revocations }, { keys: [es256, es256Other] })
    for (const { kid } of [es256, es256Other]) revocations.revoke({ type: 'signing_key', issuer: issuer.issuer, kid })
    expect(await ask(await issuer.token(unnamed))).toBe('401 revoked_key')
  })

  it('is tried first against keys without a kid', async () => {
    const keys = freshKeys(4)
    const { issuer, ask } = await startTrial({}, {}, { keys })
    issuer.publish(publicJwkOf(es256Third, { kid: undefined }))
    expect(await ask(await issuer.token({ ...unnamed, key: es256Third }))).toBe('200')
  })
})

describe('a new key under an old kid', () => {
  const replaced = renameKey(es256Other, { kid: es256.kid })

  it('is found by the first bad signature, in the background', async () => {
    const { issuer, ask, clock } = await startTrial()
    expect(await ask(await issuer.token(longLived))).toBe('200')
    issuer.replaceKey(es256.kid, replaced)
    const token = await issuer.token({ ...longLived, key: replaced })
    clock.advance(61)
    expect(await ask(token)).toBe('401 signature')
    await expect.poll(() => ask(token)).toBe('200')
    expect(issuer.fetches.jwks).toBe(2)
  })

  it('is not waited for: the answer comes while the load hangs, and others are served', async () => {
    const { issuer, ask, clock } = await startTrial()
    const good = await issuer.token(longLived)
    expect(await ask(good)).toBe('200')
    issuer.behave({ kind: 'hang' })
    clock.advance(61)
    const startedAt = performance.now()
    expect(await ask(await issuer.token({ ...longLived, key: replaced }))).toBe('401 signature')
    expect(performance.now() - startedAt).toBeLessThan(1000)
    await until(() => issuer.fetches.jwks === 2)
    expect(await ask(good)).toBe('200')
    expect(await ask(await issuer.token({ ...longLived, key: testKeys.rs256 }))).toBe('200')
  })
})

describe('bad signatures of strangers', () => {
  const flood = async ({ issuer, ask }: Trial, count: number, header: Readonly<Record<string, unknown>> = {}): Promise<void> => {
    const forged = renameKey(es256Third, { kid: es256.kid })
    const token = await issuer.token({ ...longLived, key: forged, header })
    const answers = await Promise.all(Array.from({ length: count }, () => ask(token)))
    expect(new Set(answers)).toEqual(new Set(['401 signature']))
  }

  it('cause no load while the set is younger than minCacheSeconds', async () => {
    const trial = await startTrial()
    expect(await trial.ask(await trial.issuer.token(longLived))).toBe('200')
    trial.clock.advance(59)
    await flood(trial, 200)
    expect(trial.issuer.fetches.jwks).toBe(1)
  })

  it.each([{}, { kid: undefined }])(
    'cause at most one load a minute, however many and however short minCacheSeconds is: %o',
    async (header) => {
      const trial = await startTrial({ minCacheSeconds: 1, maxCacheSeconds: 100_000 })
      trial.issuer.cache({ cacheControl: 'max-age=100000' })
      expect(await trial.ask(await trial.issuer.token(longLived))).toBe('200')
      for (let second = 0; second < 300; second += 5) {
        trial.clock.advance(5)
        await flood(trial, 10, header)
        await until(() => trial.loads.length === trial.issuer.fetches.jwks)
      }
      expect(trial.issuer.fetches.jwks - 1).toBeGreaterThanOrEqual(4)
      expect(trial.issuer.fetches.jwks - 1).toBeLessThanOrEqual(5)
    },
  )

  it('keep to the pause after a failure, and do not take the loads of unknown kids away', async () => {
    const trial = await startTrial({ minCacheSeconds: 1, maxCacheSeconds: 100_000 })
    const { issuer, ask, clock, loads } = trial
    issuer.cache({ cacheControl: 'max-age=100000' })
    expect(await ask(await issuer.token(longLived))).toBe('200')
    clock.advance(61)
    await flood(trial, 200)
    await until(() => loads.length === 2)
    issuer.addKey(testKeys.eddsa)
    expect(await ask(await issuer.token({ ...longLived, key: testKeys.eddsa }))).toBe('200')
    expect(issuer.fetches.jwks).toBe(3)
    issuer.behave({ kind: 'fail', status: 500 })
    clock.advance(61)
    await flood(trial, 200)
    await until(() => loads.length === 4)
    await flood(trial, 200)
    expect(issuer.fetches.jwks).toBe(4)
    // Known keys are believed on.
    expect(await ask(await issuer.token(longLived))).toBe('200')
  })
})
