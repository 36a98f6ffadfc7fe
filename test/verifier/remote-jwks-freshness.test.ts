import { type Caching, renameKey, testKeys } from '@countersign/testkit'
import type { JwksOptions } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { startTrial, type Trial, until } from './remote-jwks-setup.js'

/** Loads once under that caching, then tells whether a request after so many seconds finds the set refreshed or starts that. */
async function refreshesAfter(seconds: number, caching: Caching, options: Partial<JwksOptions> = {}): Promise<boolean> {
  const calls: unknown[] = []
  const counted: typeof fetch = (url, init) => {
    calls.push(url)
    return fetch(url, init)
  }
  const { issuer, clock, ask } = await startTrial({ ...options, fetch: counted })
  issuer.cache(caching)
  const token = await issuer.token({ lifetimeSeconds: 100_000 })
  expect(await ask(token)).toBe('200')
  expect(calls).toHaveLength(1)
  clock.advance(seconds)
  expect(await ask(token)).toBe('200')
  return calls.length === 2
}

describe('how long a set is fresh', () => {
  it.each<[string, Caching, number]>([
    ['max-age between the bounds is honoured', { cacheControl: 'public, max-age=300' }, 300],
    ['max-age above maxCacheSeconds counts as maxCacheSeconds', { cacheControl: 'max-age=86400' }, 600],
    ['max-age below minCacheSeconds counts as minCacheSeconds', { cacheControl: 'max-age=1' }, 60],
    ['no-store counts as minCacheSeconds', { cacheControl: 'no-store, max-age=500' }, 60],
    ['no-cache counts as minCacheSeconds', { cacheControl: 'no-cache' }, 60],
    ['the Age of a shared cache is taken off', { cacheControl: 'max-age=500', ageSeconds: 200 }, 300],
    ['an Age beyond max-age counts as minCacheSeconds', { cacheControl: 'max-age=500', ageSeconds: 5000 }, 60],
    ['without Cache-Control it is five minutes', {}, 300],
    ['a max-age that is no number is as good as none', { cacheControl: 'max-age=soon' }, 300],
    ['a negative max-age counts as minCacheSeconds', { cacheControl: 'max-age=-1' }, 60],
    ['case and space do not matter', { cacheControl: 'PUBLIC ,  Max-Age="200"' }, 200],
    ['an Age that is no number is ignored', { cacheControl: 'max-age=400', headers: { age: 'old' } }, 400],
  ])('%s', async (_name, caching, lifetimeSeconds) => {
    expect(await refreshesAfter(lifetimeSeconds * 0.79, caching)).toBe(false)
    expect(await refreshesAfter(lifetimeSeconds * 0.81, caching)).toBe(true)
  })

  it('the bounds are options', async () => {
    const options = { minCacheSeconds: 10, maxCacheSeconds: 20 }
    expect(await refreshesAfter(7.9, { cacheControl: 'no-store' }, options)).toBe(false)
    expect(await refreshesAfter(8.1, { cacheControl: 'no-store' }, options)).toBe(true)
    expect(await refreshesAfter(15.9, { cacheControl: 'max-age=100' }, options)).toBe(false)
    expect(await refreshesAfter(16.1, { cacheControl: 'max-age=100' }, options)).toBe(true)
  })

  it('a set that is already old when it comes still serves who waited for it, also when stale answers are off', async () => {
    const clocked: { advance?: (seconds: number) => void } = {}
    const { issuer, clock, ask } = await startTrial({
      minCacheSeconds: 1,
      maxCacheSeconds: 1,
      staleIfErrorSeconds: 0,
      fetch: async (url, init) => {
        const response = await fetch(url, init)
        clocked.advance?.(2)
        return response
      },
    })
    clocked.advance = clock.advance
    expect(await ask(await issuer.token())).toBe('200')
  })
})

describe('refresh ahead of time', () => {
  async function near(trial: Trial): Promise<string> {
    trial.issuer.cache({ cacheControl: 'max-age=300' })
    const token = await trial.issuer.token({ lifetimeSeconds: 100_000 })
    expect(await trial.ask(token)).toBe('200')
    trial.clock.advance(250)
    return token
  }

  it('makes nobody wait, and 500 requests start one', async () => {
    const trial = await startTrial()
    const { issuer, ask } = trial
    const token = await near(trial)
    issuer.behave({ kind: 'hang' })
    const startedAt = performance.now()
    const answers = await Promise.all(Array.from({ length: 500 }, () => ask(token)))
    expect(new Set(answers)).toEqual(new Set(['200']))
    expect(performance.now() - startedAt).toBeLessThan(2000)
    await until(() => issuer.fetches.jwks > 1)
    expect(issuer.fetches.jwks).toBe(2)
  })

  it('brings the new keys before the old set ends', async () => {
    const trial = await startTrial()
    const { issuer, ask, loads } = trial
    await near(trial)
    issuer.addKey(testKeys.eddsa)
    expect(await ask(await issuer.token({ key: testKeys.es256 }))).toBe('200')
    await until(() => loads.length === 2)
    expect(await ask(await issuer.token({ key: testKeys.eddsa }))).toBe('200')
    expect(issuer.fetches.jwks).toBe(2)
  })

  it('fails without a trace for callers while the set is fresh', async () => {
    const trial = await startTrial()
    const { issuer, ask, loads } = trial
    const token = await near(trial)
    issuer.behave({ kind: 'fail', status: 500 })
    expect(await ask(token)).toBe('200')
    await until(() => loads.length === 2)
    expect(loads[1]).toMatchObject({ outcome: 'failed', keys: 2 })
    expect(await ask(token)).toBe('200')
  })
})

describe('ETag', () => {
  it('is sent back, and 304 keeps the set and what was verified with it', async () => {
    const { issuer, clock, ask, loads } = await startTrial()
    issuer.cache({ etag: true, cacheControl: 'max-age=100' })
    const token = await issuer.token({ lifetimeSeconds: 100_000 })
    expect(await ask(token)).toBe('200')
    clock.advance(101)
    expect(await ask(token)).toBe('200')
    expect(issuer.requests[0]?.headers['if-none-match']).toBeUndefined()
    expect(issuer.requests[1]?.headers['if-none-match']).toMatch(/^"/)
    expect(loads.map(({ outcome }) => outcome)).toEqual(['loaded', 'unchanged'])
    clock.advance(79)
    expect(await ask(token)).toBe('200')
    expect(issuer.fetches.jwks).toBe(2)
  })

  it('a 304 without Cache-Control keeps the life of the answer that it confirms (RFC 9111 §4.3.4)', async () => {
    const { issuer, clock, ask } = await startTrial()
    issuer.cache({ etag: '"v1"', cacheControl: 'max-age=100' })
    const token = await issuer.token({ lifetimeSeconds: 100_000 })
    expect(await ask(token)).toBe('200')
    issuer.cache({ etag: '"v1"' })
    clock.advance(101)
    expect(await ask(token)).toBe('200')
    clock.advance(101)
    expect(await ask(token)).toBe('200')
    expect(issuer.fetches.jwks).toBe(3)
  })

  it('an equal document without ETag keeps the set as well', async () => {
    const { issuer, clock, ask, loads } = await startTrial()
    const token = await issuer.token({ lifetimeSeconds: 100_000 })
    expect(await ask(token)).toBe('200')
    clock.advance(601)
    expect(await ask(token)).toBe('200')
    expect(loads.map(({ outcome }) => outcome)).toEqual(['loaded', 'unchanged'])
  })

  it('a changed document comes with 200 and a new ETag', async () => {
    const { issuer, clock, ask } = await startTrial()
    issuer.cache({ etag: true })
    expect(await ask(await issuer.token())).toBe('200')
    issuer.replaceKey(testKeys.es256.kid, renameKey(testKeys.es256Other, { kid: 'next' }))
    clock.advance(601)
    expect(await ask(await issuer.token())).toBe('200')
    expect(await ask(await issuer.token({ key: testKeys.es256 }))).toBe('401 unknown_key')
  })

  it('304 to a request without ETag is a failure, not an empty set', async () => {
    const { issuer, ask, loads } = await startTrial()
    issuer.cache({ etag: true, notModified: 'always' })
    expect(await ask(await issuer.token())).toBe('503 key_source_unavailable')
    expect(loads[0]).toMatchObject({ outcome: 'failed', keys: 0 })
  })

  it('304 after a bad document is a failure too: what it confirms was never a set', async () => {
    const { issuer, clock, ask, loads } = await startTrial()
    const token = await issuer.token({ lifetimeSeconds: 100_000 })
    issuer.cache({ etag: true })
    expect(await ask(token)).toBe('200')
    issuer.behave({ kind: 'document', body: { keys: 'none' } })
    clock.advance(601)
    expect(await ask(token)).toBe('200')
    clock.advance(60)
    expect(await ask(token)).toBe('200')
    await until(() => loads.length === 3)
    expect(loads.map(({ outcome }) => outcome)).toEqual(['loaded', 'failed', 'failed'])
    clock.advance(900)
    expect(await ask(token)).toBe('503 key_source_unavailable')
  })
})
