import { publicJwkOf, renameKey, testKeys } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { bogusToken, startTrial, tokens, until } from './remote-jwks-setup.js'

describe('keys over HTTP', () => {
  it('500 cold requests cost one fetch and are all admitted', async () => {
    const { issuer, ask } = await startTrial()
    const answers = await Promise.all((await tokens(issuer, 500)).map(ask))
    expect(new Set(answers)).toEqual(new Set(['200']))
    expect(issuer.fetches.jwks).toBe(1)
  })

  it('500 cold requests with unknown kids cost at most two fetches', async () => {
    const { issuer, ask } = await startTrial()
    const answers = await Promise.all(Array.from({ length: 500 }, (_, index) => ask(bogusToken(issuer, `bogus-${index}`))))
    expect(new Set(answers)).toEqual(new Set(['401 unknown_key']))
    expect(issuer.fetches.jwks).toBeLessThanOrEqual(2)
  })

  it('a guard that nobody asks fetches nothing, and an unknown issuer costs no fetch', async () => {
    const { issuer, ask } = await startTrial()
    expect(issuer.fetches.jwks).toBe(0)
    expect(await ask(bogusToken({ issuer: 'https://stranger.test' }, 'x'))).toBe('401 unknown_issuer')
    expect(issuer.requests).toHaveLength(0)
  })

  it('ready() loads the keys before the first request', async () => {
    const { issuer, guard, ask } = await startTrial()
    expect(await guard.ready()).toEqual({ ok: true, parts: { partner: { ok: true } }, degraded: [] })
    expect(await ask(await issuer.token())).toBe('200')
    expect(issuer.fetches.jwks).toBe(1)
  })

  it('keys that must not verify signatures are dropped, and the others work', async () => {
    const { issuer, ask, loads } = await startTrial()
    const { jwk } = testKeys.es256Other
    issuer.publish(
      { kty: 'oct', kid: 'secret', k: Buffer.alloc(64, 7).toString('base64url') },
      { ...jwk, kid: 'private', alg: 'ES256', use: 'sig' },
      publicJwkOf(testKeys.es256Third, { kid: 'for-encryption', use: 'enc' }),
      publicJwkOf(testKeys.weakRsa, { kid: 'weak' }),
      publicJwkOf(testKeys.es256Third, { kid: 'off-the-curve', y: publicJwkOf(testKeys.es256).y }),
      { kty: 'quantum', kid: 'unknown-kind' },
      null,
      'text',
    )
    expect(await ask(await issuer.token())).toBe('200')
    for (const key of [renameKey(testKeys.es256Other, { kid: 'private' }), renameKey(testKeys.es256Third, { kid: 'for-encryption' })])
      expect(await ask(await issuer.token({ key }))).toBe('401 unknown_key')
    expect(loads[0]).toMatchObject({ via: 'partner', outcome: 'loaded', keys: 2 })
    expect(loads[0]?.dropped).toEqual({ secret: 1, private: 1, wrong_use: 1, weak_rsa: 1, bad_point: 1, unsupported: 1, malformed: 2 })
  })

  it('a kid that two different keys share names neither of them, and asks for no further fetch', async () => {
    const { issuer, ask } = await startTrial()
    issuer.addKey(renameKey(testKeys.es256Other, { kid: testKeys.es256.kid }))
    expect(await ask(await issuer.token({ key: testKeys.es256 }))).toBe('401 unknown_key')
    expect(issuer.fetches.jwks).toBe(1)
  })

  it('one issuer does not wait for another', async () => {
    const slow = await startTrial()
    const quick = await startTrial()
    slow.issuer.behave({ kind: 'hang' })
    const waiting = slow.ask(await slow.issuer.token())
    expect(await quick.ask(await quick.issuer.token())).toBe('200')
    await slow.guard.close()
    expect(await waiting).toBe('503 key_source_unavailable')
  })
})

describe('a withdrawn key', () => {
  it('is refused within one refresh interval, also for tokens in the cache', async () => {
    const { issuer, clock, ask } = await startTrial({ maxCacheSeconds: 600 })
    issuer.cache({ cacheControl: 'max-age=86400' })
    const token = await issuer.token({ lifetimeSeconds: 100_000 })
    expect(await ask(token)).toBe('200')
    issuer.removeKey(testKeys.es256.kid)
    clock.advance(601)
    expect(await ask(token)).toBe('401 unknown_key')
    expect(await ask(await issuer.token({ key: testKeys.es256 }))).toBe('401 unknown_key')
  })

  it('ends cached tokens as soon as any load shows it', async () => {
    const { issuer, ask } = await startTrial()
    const token = await issuer.token()
    expect(await ask(token)).toBe('200')
    issuer.removeKey(testKeys.es256.kid)
    expect(await ask(token)).toBe('200')
    expect(await ask(bogusToken(issuer, 'makes it load'))).toBe('401 unknown_key')
    expect(await ask(token)).toBe('401 unknown_key')
  })

  it('a cached token is judged anew, and stays admitted, when another key was withdrawn', async () => {
    const { issuer, clock, ask } = await startTrial()
    const token = await issuer.token()
    expect(await ask(token)).toBe('200')
    issuer.removeKey(testKeys.rs256.kid)
    clock.advance(250)
    expect(await ask(token)).toBe('200')
    await until(() => issuer.fetches.jwks === 2)
    expect(await ask(token)).toBe('200')
  })

  it('new material under the same kid ends tokens of the old material, also in the cache', async () => {
    const { issuer, clock, ask } = await startTrial()
    const old = await issuer.token({ lifetimeSeconds: 100_000 })
    expect(await ask(old)).toBe('200')
    const { kid } = testKeys.es256
    issuer.replaceKey(kid, renameKey(testKeys.es256Other, { kid }))
    clock.advance(601)
    expect(await ask(old)).toBe('401 signature')
    expect(await ask(await issuer.token())).toBe('200')
  })
})
