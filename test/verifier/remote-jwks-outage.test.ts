import { testKeys } from '@countersign/testkit'
import { createRevocations } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { answerOf, bogusToken, retryAfter, startTrial, type Trial, tokens, until } from './remote-jwks-setup.js'

const life = 100
const down = { kind: 'fail', status: 503 } as const

/** A guard that knew the keys for `life` seconds, and whose issuer then went down. */
async function startOutage(
  options: Parameters<typeof startTrial>[0] = {},
  guardOptions: Parameters<typeof startTrial>[1] = {},
): Promise<Trial & { token: string }> {
  const trial = await startTrial({ minCacheSeconds: life, maxCacheSeconds: life, ...options }, guardOptions)
  const token = await trial.issuer.token({ lifetimeSeconds: 100_000 })
  expect(await trial.ask(token)).toBe('200')
  trial.issuer.behave(down)
  return { ...trial, token }
}

describe('a key server that is down', () => {
  it('known kids pass until staleIfErrorSeconds after the end of the set, then get 503 with Retry-After', async () => {
    const { guard, issuer, clock, ask, token } = await startOutage({ staleIfErrorSeconds: 900 })
    clock.advance(life + 1)
    expect(await ask(token)).toBe('200')
    expect(await ask(await issuer.token({ lifetimeSeconds: 100_000 }))).toBe('200')
    clock.advance(898)
    expect(await ask(token)).toBe('200')
    expect(await ask(await issuer.token({ lifetimeSeconds: 100_000 }))).toBe('200')
    clock.advance(2)
    expect(await ask(token)).toBe('503 key_source_unavailable')
    const fresh = await issuer.token({ lifetimeSeconds: 100_000 })
    expect(await ask(fresh)).toBe('503 key_source_unavailable')
    expect(await retryAfter(guard, fresh)).toBeGreaterThanOrEqual(1)
  })

  it('the same holds when nobody answers at its port', async () => {
    const { issuer, clock, ask, token } = await startOutage()
    await issuer.stop()
    clock.advance(life + 1)
    expect(await ask(token)).toBe('200')
    expect(await ask(bogusToken(issuer, 'unknown'))).toBe('503 key_source_unavailable')
    clock.advance(900)
    expect(await ask(token)).toBe('503 key_source_unavailable')
  })

  it('an unknown kid is 503 with Retry-After, with a fresh, a stale and without a set', async () => {
    const { guard, issuer, clock, ask } = await startOutage()
    expect(await ask(bogusToken(issuer, 'a'))).toBe('503 key_source_unavailable')
    expect(await retryAfter(guard, bogusToken(issuer, 'b'))).toBeGreaterThanOrEqual(1)
    clock.advance(life + 10)
    expect(await ask(bogusToken(issuer, 'c'))).toBe('503 key_source_unavailable')
    clock.advance(1000)
    expect(await ask(bogusToken(issuer, 'd'))).toBe('503 key_source_unavailable')
  })

  it('known kids need not wait for a server that hangs', async () => {
    const { issuer, clock, ask, token, loads } = await startOutage({ timeoutSeconds: 0.5 })
    issuer.behave({ kind: 'hang' })
    clock.advance(life * 0.9)
    expect(await ask(token)).toBe('200')
    await until(() => loads.length === 2)
    for (const seconds of [60, 60, 60]) {
      clock.advance(seconds)
      const startedAt = performance.now()
      expect(await ask(token)).toBe('200')
      expect(performance.now() - startedAt).toBeLessThan(250)
      await until(() => loads.at(-1) !== undefined && issuer.fetches.jwks === loads.length)
    }
  })

  it('staleIfErrorSeconds 0 is strict: nothing passes after the end of the set', async () => {
    const { clock, ask, token } = await startOutage({ staleIfErrorSeconds: 0 })
    clock.advance(life - 1)
    expect(await ask(token)).toBe('200')
    clock.advance(2)
    expect(await ask(token)).toBe('503 key_source_unavailable')
  })

  it('the cache of verified tokens does not outlive the keys', async () => {
    const { clock, ask, token } = await startOutage({ staleIfErrorSeconds: 60 })
    clock.advance(life + 61)
    expect(await ask(token)).toBe('503 key_source_unavailable')
  })

  it('a revoked signing key is refused though stale keys pass and the token was cached', async () => {
    const revocations = createRevocations()
    const { issuer, clock, ask, token } = await startOutage({}, { revocations })
    clock.advance(life + 1)
    expect(await ask(token)).toBe('200')
    revocations.revoke({ type: 'signing_key', issuer: issuer.issuer, kid: testKeys.es256.kid })
    expect(await ask(token)).toBe('401 revoked_key')
    expect(await ask(await issuer.token({ lifetimeSeconds: 100_000 }))).toBe('401 revoked_key')
    expect(await ask(await issuer.token({ lifetimeSeconds: 100_000, key: testKeys.rs256 }))).toBe('200')
  })

  it('recovers with the next permitted fetch, new keys included', async () => {
    const { issuer, clock, ask, token } = await startOutage()
    clock.advance(life + 1000)
    expect(await ask(token)).toBe('503 key_source_unavailable')
    issuer.behave(undefined)
    issuer.addKey(testKeys.eddsa)
    expect(await ask(token)).toBe('503 key_source_unavailable')
    clock.advance(1.01)
    expect(await ask(token)).toBe('200')
    expect(await ask(await issuer.token({ key: testKeys.eddsa, lifetimeSeconds: 100_000 }))).toBe('200')
  })

  it('starting up while the issuer is down is no error; ready() says why, and the first request after it is up is served', async () => {
    const { issuer, clock, guard, ask } = await startTrial()
    await issuer.stop()
    const readiness = await guard.ready()
    expect(readiness).toMatchObject({ ok: true, parts: { partner: { ok: false } }, degraded: ['partner'] })
    expect(readiness.parts.partner).toHaveProperty('cause')
    const token = await issuer.token()
    expect(await ask(token)).toBe('503 key_source_unavailable')
    await issuer.restart()
    clock.advance(1.01)
    expect(await ask(token)).toBe('200')
    expect(await guard.ready()).toMatchObject({ parts: { partner: { ok: true } }, degraded: [] })
  })

  it('ready() of a guard whose keys went stale for too long says so', async () => {
    const { clock, guard } = await startOutage()
    clock.advance(life + 901)
    expect(await guard.ready({ required: ['partner'] })).toMatchObject({ ok: false })
  })
})

describe('a fetch after a failure', () => {
  it('500 requests to a cold guard cost one fetch, and none while it waits', async () => {
    const { issuer, ask } = await startTrial()
    issuer.behave(down)
    const many = await tokens(issuer, 500)
    expect(new Set(await Promise.all(many.map(ask)))).toEqual(new Set(['503 key_source_unavailable']))
    expect(new Set(await Promise.all(many.map(ask)))).toEqual(new Set(['503 key_source_unavailable']))
    expect(issuer.fetches.jwks).toBe(1)
  })

  it.each([
    ['stale keys', 0],
    ['no usable keys', 2000],
  ])('comes after 1, 2, 4 … 60 seconds, with jitter, whoever asks: with %s', async (_name, gone) => {
    const { issuer, clock, ask, guard, token } = await startOutage({ staleIfErrorSeconds: 1000 })
    clock.advance(life + gone)
    const startedAt = clock.now()
    const fetchedAt: number[] = []
    const before = issuer.fetches.jwks
    while (clock.now() - startedAt < 400_000) {
      const count = issuer.fetches.jwks
      await Promise.all([ask(token), ask(bogusToken(issuer, `kid-${clock.now()}`)), guard.ready()])
      if (issuer.fetches.jwks > count) fetchedAt.push((clock.now() - startedAt) / 1000)
      clock.advance(0.25)
    }
    expect(issuer.fetches.jwks - before).toBe(fetchedAt.length)
    const pauses = fetchedAt.slice(1).map((at, index) => at - (fetchedAt[index] as number))
    const expected = [1, 2, 4, 8, 16, 32, 60, 60, 60]
    for (const [index, pause] of pauses.entries()) {
      expect(pause).toBeGreaterThanOrEqual((expected[index] ?? 60) * 0.75)
      expect(pause).toBeLessThanOrEqual((expected[index] ?? 60) + 0.5)
    }
    expect(pauses.length).toBeGreaterThanOrEqual(9)
  })

  it('is not brought forward by readiness probes of a cold guard', async () => {
    const { issuer, clock, guard } = await startTrial()
    issuer.behave(down)
    for (let probe = 0; probe < 50; probe += 1) expect((await guard.ready()).degraded).toEqual(['partner'])
    expect(issuer.fetches.jwks).toBe(1)
    issuer.behave(undefined)
    clock.advance(1.01)
    expect((await guard.ready()).degraded).toEqual([])
  })

  it('two guards do not come back in step', async () => {
    const pauses = new Set<number>()
    for (let index = 0; index < 5; index += 1) {
      const { issuer, clock, ask, token } = await startOutage()
      clock.advance(life + 2000)
      await ask(token)
      const before = issuer.fetches.jwks
      while (issuer.fetches.jwks === before) {
        clock.advance(0.001)
        await ask(token)
      }
      pauses.add(clock.now())
    }
    expect(pauses.size).toBeGreaterThan(1)
  })

  it('a success starts the pauses over', async () => {
    const { issuer, clock, ask, token } = await startOutage()
    clock.advance(life + 2000)
    for (const seconds of [1, 2, 4, 8]) {
      expect(await ask(token)).toBe('503 key_source_unavailable')
      clock.advance(seconds)
    }
    issuer.behave(undefined)
    expect(await ask(token)).toBe('200')
    issuer.behave(down)
    clock.advance(life + 2000)
    expect(await ask(token)).toBe('503 key_source_unavailable')
    issuer.behave(undefined)
    clock.advance(1.01)
    expect(await ask(token)).toBe('200')
  })
})

describe('closing', () => {
  it('ends a fetch in flight, and who waits for it gets 503', async () => {
    const { issuer, guard, ask } = await startTrial()
    issuer.behave({ kind: 'hang' })
    const waiting = ask(await issuer.token())
    await until(() => issuer.fetches.jwks === 1)
    const startedAt = performance.now()
    await guard.close()
    expect(await waiting).toBe('503 key_source_unavailable')
    expect(performance.now() - startedAt).toBeLessThan(500)
  })

  it('ends the wait for a fetch that heeds no signal, too, and fetches no more', async () => {
    const calls: unknown[] = []
    const { issuer, guard, clock, ask } = await startTrial({
      fetch: (url) => {
        calls.push(url)
        return new Promise(() => undefined)
      },
    })
    const token = await issuer.token({ lifetimeSeconds: 100_000 })
    const waiting = ask(token)
    await until(() => calls.length === 1)
    await guard.close()
    await guard.close()
    expect(await waiting).toBe('503 key_source_unavailable')
    clock.advance(100)
    expect(await answerOf(guard, token)).toBe('503 key_source_unavailable')
    expect(calls).toHaveLength(1)
  })
})
