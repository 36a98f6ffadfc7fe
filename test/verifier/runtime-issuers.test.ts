import { setTimeout } from 'node:timers/promises'
import { runInNewContext } from 'node:vm'
import type { KeyAnswer, KeySource, RevocationReason } from '@countersign/core'
import { createKeySet, importJwk } from '@countersign/jwt'
import { publicJwkOf, testKeys } from '@countersign/testkit'
import { type IssuerEntry, jwks, type ResourceGuard, signingKeys, staticKeys } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { answerTo, audience, entryOf, issuer, recorded, startGuard, tokenOf } from './guard-setup.js'

const other = 'https://other.test'
const otherKey = { ...publicJwkOf(testKeys.es256Other), kid: testKeys.es256.kid }

/** A source that answers when it is told to. */
function heldKeys(): { readonly source: KeySource; release(): void } {
  const imported = importJwk(publicJwkOf(testKeys.es256))
  if (!imported.ok) throw new TypeError(imported.reason)
  const set = createKeySet([imported.key])
  const waiting: ((answer: KeyAnswer) => void)[] = []
  const find = (): Promise<KeyAnswer> => new Promise((resolve) => waiting.push(resolve))
  return {
    source: { find, isCurrent: () => true, ready: async () => undefined, close: () => undefined },
    release() {
      for (const resolve of waiting) resolve({ key: imported.key, set })
    },
  }
}

describe('setIssuer', () => {
  it('adds an issuer to a running verifier', async () => {
    const { guard } = startGuard()
    const token = await tokenOf({ iss: other })
    expect(await answerTo(guard, token)).toBe('401 unknown_issuer')
    guard.verifier.setIssuer('other', entryOf({ issuer: other }))
    expect(await answerTo(guard, token)).toBe('200 other')
    expect(guard.verifier.issuers()).toEqual([issuer, other])
  })

  it('replaces an entry: tokens in the cache are judged by the new one', async () => {
    const { guard } = startGuard()
    const token = await tokenOf()
    expect([await answerTo(guard, token), await answerTo(guard, token)]).toEqual(['200 main', '200 main'])
    guard.verifier.setIssuer('main', entryOf({ keys: otherKey }))
    expect(await answerTo(guard, token)).toBe('401 signature')
    guard.verifier.setIssuer('main', entryOf({ audience: 'https://elsewhere.test' }))
    expect(await answerTo(guard, token)).toBe('401 audience')
    guard.verifier.setIssuer('main', entryOf())
    expect(await answerTo(guard, token)).toBe('200 main')
  })

  it('may rename the issuer of an entry: the old one is then unknown', async () => {
    const { guard } = startGuard()
    const token = await tokenOf()
    expect(await answerTo(guard, token)).toBe('200 main')
    guard.verifier.setIssuer('main', entryOf({ issuer: other }))
    expect(await answerTo(guard, token)).toBe('401 unknown_issuer')
    expect(await answerTo(guard, await tokenOf({ iss: other }))).toBe('200 main')
  })

  it('refuses an issuer that another entry has, or that is named twice, and what no preset made; all stays as it was', async () => {
    const { guard } = startGuard({ issuers: { main: entryOf(), other: entryOf({ issuer: other }) } })
    const token = await tokenOf()
    const double = entryOf({ issuer: other })
    const attempts = [
      entryOf({ issuer: [other, 'https://third.test'] }),
      { ...double, sources: [...double.sources, ...double.sources] },
      {},
    ]
    for (const entry of attempts) {
      expect(() => guard.verifier.setIssuer('main', entry as never)).toThrow(TypeError)
      expect(() => guard.verifier.setIssuer('new', entry as never)).toThrow(TypeError)
    }
    expect(() => guard.verifier.setIssuer('other', double)).not.toThrow()
    expect(await answerTo(guard, token)).toBe('200 main')
    expect(guard.verifier.issuers()).toEqual([issuer, other])
  })
})

describe('removeIssuer', () => {
  it('ends the belief at once, for tokens in the cache too', async () => {
    const { guard } = startGuard({ issuers: { main: entryOf(), other: entryOf({ issuer: other }) } })
    const [token, otherToken] = [await tokenOf(), await tokenOf({ iss: other })]
    for (const one of [token, otherToken]) expect(await answerTo(guard, one)).toMatch(/^200/)
    expect(guard.verifier.removeIssuer('main')).toBe(true)
    expect(guard.verifier.removeIssuer('main')).toBe(false)
    expect(await answerTo(guard, token)).toBe('401 unknown_issuer')
    expect(await answerTo(guard, otherToken)).toBe('200 other')
    expect(guard.verifier.issuers()).toEqual([other])
  })

  it('ends it for tokens that are being judged, and setIssuer has them judged by the new entry', async () => {
    for (const [change, answer] of [
      ['remove', '401 unknown_issuer'],
      ['replace', '401 signature'],
      ['renew', '200 main'],
    ] as const) {
      const { source, release } = heldKeys()
      const own = signingKeys({ issuer, audience, algorithms: ['ES256'], keys: source })
      const { guard } = startGuard({ issuers: { main: own } })
      const open = answerTo(guard, await tokenOf())
      await new Promise((resolve) => setImmediate(resolve))
      if (change === 'remove') guard.verifier.removeIssuer('main')
      else guard.verifier.setIssuer('main', entryOf(change === 'replace' ? { keys: otherKey } : {}))
      release()
      expect(await open).toBe(answer)
    }
  })

  it('and setIssuer are no outage for tokens whose keys are waited for, cold or overdue', async () => {
    const change = (guard: ResourceGuard, to: string): unknown =>
      to === 'removed' ? guard.verifier.removeIssuer('main') : guard.verifier.setIssuer('main', entryOf())
    const remote = jwks({ issuer, audience, algorithms: ['ES256'], url: 'https://issuer.test/jwks', staleIfErrorSeconds: 0 })
    for (const [to, answer] of [
      ['removed', '401 unknown_issuer'],
      ['replaced', '200 main'],
    ] as const) {
      let isHeld = true
      const fetchKeys = (): Promise<Response> =>
        isHeld ? new Promise(() => undefined) : Promise.resolve(Response.json({ keys: [publicJwkOf(testKeys.es256)] }))
      const cold = startGuard({ issuers: { main: remote }, fetch: fetchKeys })
      const first = answerTo(cold.guard, await tokenOf())
      change(cold.guard, to)
      expect(await first).toBe(answer)
      isHeld = false
      const { guard, clock } = startGuard({ issuers: { main: remote }, fetch: fetchKeys })
      const token = await tokenOf({ exp: 1_800_100_000 })
      expect(await answerTo(guard, token)).toBe('200 main')
      isHeld = true
      clock.advance(3600)
      const second = answerTo(guard, token)
      change(guard, to)
      expect(await second).toBe(answer)
    }
  })

  it('of a host whose tenants are never the same twice ends as an outage, and does not judge for ever', async () => {
    const validate = async (value: object): Promise<{ value: object }> => {
      await setTimeout(20)
      return { value }
    }
    const schema = { '~standard': { version: 1, vendor: 'test', validate } } as const
    const asked: string[] = []
    const resolve = async (iss: string): Promise<IssuerEntry | undefined> =>
      asked.push(iss) > 20 ? undefined : entryOf({ issuer: iss, schema })
    const { guard } = startGuard({
      resolveIssuer: { via: 'tenant', prefixes: ['https://login.test/'], maxCacheSeconds: 0, resolve },
    } as never)
    const token = await tokenOf({ iss: 'https://login.test/a' })
    const first = answerTo(guard, token)
    await setTimeout(10)
    // Each asks while the other waits, and ends what the other was judged by.
    const answers = await Promise.all([first, answerTo(guard, token)])
    expect(asked.length).toBeLessThanOrEqual(6)
    for (const answer of answers) expect(['200 tenant', '503 key_source_unavailable']).toContain(answer)
  })

  it('does not close a source of ours that the host gave', async () => {
    const { source } = heldKeys()
    const closed: string[] = []
    const keys = { ...source, close: () => void closed.push('closed') }
    const { guard } = startGuard({ issuers: { own: signingKeys({ issuer, audience, algorithms: ['ES256'], keys }) } })
    guard.verifier.removeIssuer('own')
    await guard.close()
    expect(closed).toEqual([])
  })
})

it('what becomes of issuers is told', () => {
  const events = recorded('countersign:issuer')
  const { guard } = startGuard()
  guard.verifier.setIssuer('other', entryOf({ issuer: other }))
  guard.verifier.removeIssuer('other')
  guard.verifier.removeIssuer('other')
  expect(events).toEqual([
    { outcome: 'set', via: 'other' },
    { outcome: 'removed', via: 'other' },
  ])
})

it('a source of the host whose promises are of another realm is waited for', async () => {
  // As in test runners and embedders that run code in a context of its own: no instance of the Promise of this one.
  const foreign = runInNewContext('(value) => Promise.resolve(value)') as <T>(value: T) => Promise<T>
  expect(foreign(1)).not.toBeInstanceOf(Promise)
  const imported = importJwk(publicJwkOf(testKeys.es256))
  if (!imported.ok) throw new TypeError(imported.reason)
  const set = createKeySet([imported.key])
  const answers = { key: imported.key as KeyAnswer['key'], current: true, revoked: undefined as RevocationReason | undefined }
  const keys: KeySource = {
    find: () => foreign({ key: answers.key, set }),
    isCurrent: () => foreign(answers.current),
    ready: async () => undefined,
    close: () => undefined,
  }
  const { guard } = startGuard({
    issuers: { own: signingKeys({ issuer, audience, algorithms: ['ES256'], keys }) },
    revocations: { check: () => foreign(answers.revoked) },
  })
  const token = await tokenOf()
  expect(await answerTo(guard, token)).toBe('200 own')
  expect(await answerTo(guard, token)).toBe('200 own')
  answers.revoked = 'revoked_token'
  expect(await answerTo(guard, token)).toBe('401 revoked_token')
  Object.assign(answers, { revoked: undefined, current: false, key: undefined })
  expect(await answerTo(guard, token)).toBe('401 unknown_key')
})

it('staticKeys entries may be shared by two guards, and closed with one of them', async () => {
  const entry = staticKeys({ issuer, audience, algorithms: ['ES256'], keys: publicJwkOf(testKeys.es256) })
  const [first, second] = [startGuard({ issuers: { main: entry } }), startGuard({ issuers: { main: entry } })]
  const token = await tokenOf()
  expect([await answerTo(first.guard, token), await answerTo(second.guard, token)]).toEqual(['200 main', '200 main'])
  first.guard.verifier.removeIssuer('main')
  await first.guard.close()
  expect([await answerTo(first.guard, token), await answerTo(second.guard, token)]).toEqual(['401 unknown_issuer', '200 main'])
})
