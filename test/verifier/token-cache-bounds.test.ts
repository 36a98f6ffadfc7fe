import type { RevocationView } from '@countersign/core'
import { type CacheOptions, createGuard } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { bearer } from './remote-jwks-setup.js'
import { type CacheTrial, entry, startCacheTrial } from './token-cache-setup.js'

async function fill({ ask, token }: CacheTrial, count: number, claims: object = {}): Promise<string[]> {
  const sent: string[] = []
  for (let index = 0; index < count; index += 1) {
    sent.push(await token({ jti: `token-${index}`, ...claims }))
    expect(await ask(sent.at(-1) as string)).toBe('200')
  }
  return sent
}

/** How many of them the cache still answers, the youngest asked first. */
async function hits({ ask }: CacheTrial, sent: readonly string[]): Promise<number> {
  let count = 0
  for (const token of [...sent].reverse()) if ((await ask(token)).endsWith('cached')) count += 1
  return count
}

describe('the bounds of the cache', () => {
  it('hold for entries', async () => {
    const trial = startCacheTrial({ cache: { maxEntries: 20 } })
    const count = await hits(trial, await fill(trial, 100))
    expect(count).toBeLessThanOrEqual(20)
    expect(count).toBeGreaterThanOrEqual(10)
  })

  it('hold for bytes', async () => {
    const trial = startCacheTrial({ cache: { maxBytes: 100_000 } })
    const count = await hits(trial, await fill(trial, 60, { text: 'x'.repeat(2000) }))
    expect(count).toBeLessThanOrEqual(20)
    expect(count).toBeGreaterThanOrEqual(5)
  })

  it('count what claims occupy, not only how long they are', async () => {
    const trial = startCacheTrial({ cache: { maxBytes: 1_000_000 } })
    const count = await hits(trial, await fill(trial, 60, { many: Array.from({ length: 1000 }, () => ({})) }))
    // An empty object takes 64 bytes and three characters.
    expect(count).toBeLessThanOrEqual(1_000_000 / 64_000)
    expect(count).toBeGreaterThanOrEqual(5)
  })

  it('leave a token out that is larger than half of them, and admit it all the same', async () => {
    const trial = startCacheTrial({ cache: { maxBytes: 6000 } })
    const large = await trial.token({ text: 'x'.repeat(3000) })
    const small = await trial.token()
    expect([await trial.ask(large), await trial.ask(large)]).toEqual(['200', '200'])
    expect([await trial.ask(small), await trial.ask(small)]).toEqual(['200', '200 cached'])
  })

  it('keep what is used, while hundreds of others pass', async () => {
    const trial = startCacheTrial({ cache: { maxEntries: 10 } })
    const used = await trial.token({ jti: 'used' })
    expect(await trial.ask(used)).toBe('200')
    for (let index = 0; index < 50; index += 1) {
      await fill(trial, 3, { index })
      expect(await trial.ask(used)).toBe('200 cached')
    }
  })

  it('count a token once that many requests bring at the same time', async () => {
    const later: RevocationView = { check: () => new Promise((resolve) => setImmediate(resolve, undefined)) }
    const trial = startCacheTrial({ cache: { maxBytes: 16_000 }, revocations: later })
    const first = await trial.token({ jti: 'first' })
    const second = await trial.token({ jti: 'second' })
    expect(await trial.ask(first)).toBe('200')
    await Promise.all(Array.from({ length: 100 }, () => trial.guard.check(bearer(second))))
    expect(await trial.ask(first)).toBe('200 cached')
    expect(await trial.ask(second)).toBe('200 cached')
  })

  it.each<CacheOptions>([
    { maxEntries: 0 },
    { maxEntries: 1.5 },
    { maxEntries: Number.POSITIVE_INFINITY },
    { maxEntries: -1 },
    { maxBytes: 0 },
    { maxBytes: Number.NaN },
    { maxBytes: '32' as unknown as number },
  ])('%o are refused at start-up', (cache) => {
    expect(() => createGuard({ issuers: { partner: entry() }, cache })).toThrow(TypeError)
  })
})

function everyObject(value: unknown, found: object[] = []): object[] {
  if (typeof value !== 'object' || value === null) return found
  found.push(value)
  for (const inner of Object.values(value)) everyObject(inner, found)
  return found
}

describe('what requests share', () => {
  const claims = { scope: 'read', roles: ['reader'], address: { lines: [{ text: 'a' }] }, empty: [{}, []] }

  it('is frozen to the bottom, from the first request on, with and without a cache', async () => {
    for (const cache of [undefined, false] as const) {
      const { guard, token } = startCacheTrial(cache === false ? { cache } : {})
      const sent = await token(claims)
      for (let index = 0; index < 2; index += 1) {
        const admission = await guard.check(bearer(sent))
        const objects = everyObject(admission.ok && admission.auth)
        expect(objects.length).toBeGreaterThanOrEqual(10)
        for (const one of objects) expect(Object.isFrozen(one)).toBe(true)
      }
    }
  })

  it('cannot be changed by one request for the next', async () => {
    const { guard, token } = startCacheTrial()
    const sent = await token(claims)
    const first = await guard.check(bearer(sent))
    // As a handler without types would see it.
    const auth = (first.ok && first.auth) as unknown as Record<string, unknown> & { scopes: string[]; claims: Record<string, string[]> }
    const attempts: (() => unknown)[] = [
      () => auth.scopes.push('admin'),
      () => auth.claims.roles?.push('admin'),
      () => Object.assign(auth.claims, { sub: 'admin' }),
      () => Object.assign(auth, { subject: 'admin' }),
      () => Reflect.deleteProperty(auth.claims, 'sub') || expect.fail(),
      () => Object.setPrototypeOf(auth.claims, { admin: true }),
    ]
    for (const attempt of attempts) expect(attempt).toThrow()
    const second = await guard.check(bearer(sent))
    expect(second.ok && second.auth).toMatchObject({ subject: 'user-1', scopes: ['read'], claims: { sub: 'user-1', roles: ['reader'] } })
    expect(second.ok && second.auth && 'admin' in second.auth.claims).toBe(false)
  })

  it('is frozen as well where a schema made it', async () => {
    const made = { profile: { names: ['a'] }, list: [[{ deep: {} }]] }
    const schema = { '~standard': { version: 1 as const, vendor: 'test', validate: () => ({ value: made }) } }
    const { guard, token } = startCacheTrial({ issuers: { partner: entry({ schema }) } })
    const admission = await guard.check(bearer(await token()))
    for (const one of everyObject(admission.ok && admission.auth)) expect(Object.isFrozen(one)).toBe(true)
  })

  it('may have cycles where a schema made it', async () => {
    const made: Record<string, unknown> = { name: 'loop' }
    made.self = made
    const schema = { '~standard': { version: 1 as const, vendor: 'test', validate: () => ({ value: made }) } }
    const { ask, token } = startCacheTrial({ issuers: { partner: entry({ schema }) } })
    expect(await ask(await token())).toBe('200')
  })
})
