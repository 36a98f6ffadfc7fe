import type { RevocationEntry } from '@countersign/core'
import { jwkThumbprint } from '@countersign/jwt'
import { fixedClock, publicJwkOf, publicKeyOf, testKeys } from '@countersign/testkit'
import { createRevocations, type Revocations, staticKeys } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { answerTo, audience, entryOf, type Guarded, issuer, recorded, startGuard, startsAt, tokenOf } from './guard-setup.js'

const kid = testKeys.es256.kid

function startWith(options: Parameters<typeof startGuard>[0] = {}): Guarded & { readonly revocations: Revocations } {
  const clock = fixedClock(startsAt)
  const revocations = createRevocations({ now: clock.now })
  return { ...startGuard({ revocations, now: clock.now, ...options }), revocations, clock }
}

describe('an entry', () => {
  it.each<[string, RevocationEntry, Record<string, unknown>, string]>([
    ['signing_key', { type: 'signing_key', issuer, kid }, {}, '401 revoked_key'],
    ['client_key', { type: 'client_key', issuer, thumbprint: 'tp' }, { client_key: 'tp' }, '401 revoked_key'],
    ['client_key, of several', { type: 'client_key', issuer, thumbprint: 'tp' }, { client_key: ['other', 'tp'] }, '401 revoked_key'],
    [
      'client_key by credential',
      { type: 'client_key', issuer, thumbprint: 'c' },
      { client_key: 'tp', client_credential: 'c' },
      '401 revoked_key',
    ],
    ['jti', { type: 'jti', issuer, jti: 'j', expiresAt: startsAt + 300 }, { jti: 'j' }, '401 revoked_token'],
    ['family', { type: 'family', issuer, family: 'f', expiresAt: startsAt + 300 }, { refresh_family: 'f' }, '401 revoked_token'],
    ['subject', { type: 'subject', issuer, subject: 'user-1', notBefore: startsAt }, {}, '401 revoked_subject'],
    ['client', { type: 'client', issuer, clientId: 'app' }, { client_id: 'app' }, '401 revoked_client'],
    ['client by azp', { type: 'client', issuer, clientId: 'app' }, { azp: 'app' }, '401 revoked_client'],
  ])('of type %s ends its tokens at once, in the cache too, and no others', async (_type, entry, claims, answer) => {
    const { guard, revocations } = startWith()
    const token = await tokenOf({ jti: 'other', sub: 'user-2', ...(entry.type === 'subject' && { sub: 'user-1' }), ...claims })
    expect([await answerTo(guard, token), await answerTo(guard, token)]).toEqual(['200 main', '200 main'])
    revocations.revoke({ ...entry, issuer: 'https://elsewhere.test' })
    expect(await answerTo(guard, token)).toBe('200 main')
    revocations.revoke(entry)
    expect(await answerTo(guard, token)).toBe(answer)
    expect(await answerTo(guard, await tokenOf({ ...claims, nonce: 'fresh' }))).toBe(answer)
    if (entry.type === 'signing_key') return
    expect(await answerTo(guard, await tokenOf({ sub: 'somebody', jti: 'x', client_id: 'y', client_key: 'z' }))).toBe('200 main')
  })

  it('may be given again', async () => {
    const { guard, revocations } = startWith()
    const entry = { type: 'client', issuer, clientId: 'app' } as const
    for (let round = 0; round < 2; round++) revocations.revoke(entry)
    expect(await answerTo(guard, await tokenOf({ client_id: 'app' }))).toBe('401 revoked_client')
    revocations.reinstate(entry)
    expect(await answerTo(guard, await tokenOf({ client_id: 'app' }))).toBe('200 main')
  })

  it.each<[string, object]>([
    ['an unknown type', { type: 'user', issuer, subject: 'a' }],
    ['no issuer', { type: 'client', clientId: 'a' }],
    ['an empty issuer', { type: 'client', issuer: '', clientId: 'a' }],
    ['no name', { type: 'client', issuer }],
    ['an empty kid', { type: 'signing_key', issuer, kid: '' }],
    ['no time', { type: 'subject', issuer, subject: 'a' }],
    ['a time that is no number', { type: 'subject', issuer, subject: 'a', notBefore: 'now' }],
    ['no expiry', { type: 'jti', issuer, jti: 'a' }],
    ['no expiry of a family', { type: 'family', issuer, family: 'a' }],
    ['nothing', {}],
  ])('with %s is a TypeError', (_what, entry) => {
    const { revocations } = startWith()
    expect(() => revocations.revoke(entry as never)).toThrow(TypeError)
    expect(() => revocations.reinstate(entry as never)).toThrow(TypeError)
  })

  it.each<RevocationEntry>([
    { type: 'jti', issuer, jti: 'j', expiresAt: startsAt + 300 },
    { type: 'family', issuer, family: 'f', expiresAt: startsAt + 300 },
    { type: 'subject', issuer, subject: 'user-1', notBefore: startsAt },
    { type: 'client', issuer, clientId: 'app' },
  ])('of type $type can be taken back', async (entry) => {
    const { guard, revocations } = startWith()
    const token = await tokenOf({ jti: 'j', client_id: 'app', refresh_family: 'f' })
    revocations.revoke(entry)
    expect(await answerTo(guard, token)).toMatch(/^401 revoked_/)
    revocations.reinstate(entry)
    expect(await answerTo(guard, token)).toBe('200 main')
  })

  it('of a key cannot be taken back', async () => {
    const { guard, revocations } = startWith()
    const entries: RevocationEntry[] = [
      { type: 'signing_key', issuer, kid },
      { type: 'client_key', issuer, thumbprint: 'tp' },
    ]
    for (const entry of entries) {
      revocations.revoke(entry)
      expect(() => revocations.reinstate(entry)).toThrow(TypeError)
    }
    expect(await answerTo(guard, await tokenOf())).toBe('401 revoked_key')
  })

  it('named like a member of Object.prototype is one like any other', async () => {
    const { guard, revocations } = startWith()
    expect(await answerTo(guard, await tokenOf({ client_id: '__proto__', jti: 'constructor', sub: 'toString' }))).toBe('200 main')
    revocations.revoke({ type: 'client', issuer, clientId: '__proto__' })
    expect(await answerTo(guard, await tokenOf({ client_id: '__proto__' }))).toBe('401 revoked_client')
  })
})

describe("a subject's entry", () => {
  it.each<[string, unknown, number, string]>([
    ['before it', startsAt - 1, startsAt, '401 revoked_subject'],
    ['in its second', startsAt, startsAt, '401 revoked_subject'],
    ['in its second, which the token tells and the entry divides', startsAt, startsAt + 0.5, '401 revoked_subject'],
    ['in its second, later by a fraction', startsAt + 0.9, startsAt + 0.5, '401 revoked_subject'],
    ['in the second after it', startsAt + 1, startsAt + 0.9, '200 main'],
    ['after it', startsAt + 1, startsAt, '200 main'],
    ['at a time that it does not say', undefined, startsAt, '401 revoked_subject'],
  ])('judges a token that was issued %s', async (_what, iat, notBefore, answer) => {
    const { guard, revocations } = startWith()
    revocations.revoke({ type: 'subject', issuer, subject: 'user-1', notBefore })
    expect(await answerTo(guard, await tokenOf({ iat }))).toBe(answer)
  })

  it('never goes back when an older one arrives later', async () => {
    const { guard, revocations } = startWith()
    for (const notBefore of [startsAt, startsAt - 100]) revocations.revoke({ type: 'subject', issuer, subject: 'user-1', notBefore })
    expect(await answerTo(guard, await tokenOf({ iat: startsAt - 50 }))).toBe('401 revoked_subject')
  })

  it('leaves tokens without a subject alone', async () => {
    const { guard, revocations } = startWith()
    revocations.revoke({ type: 'subject', issuer, subject: 'user-1', notBefore: startsAt })
    expect(await answerTo(guard, await tokenOf({ sub: undefined }))).toBe('200 main')
  })
})

describe("a token's entry", () => {
  it.each(['jti', 'family'] as const)('of type %s is kept as long as any entry may believe the token, and not for ever', async (type) => {
    const issuers = { main: entryOf({ clockToleranceSeconds: 3600 }) }
    const { guard, clock, revocations } = startWith({ issuers })
    const token = await tokenOf({ jti: 'j', refresh_family: 'j' })
    const entry = { type, issuer, jti: 'j', family: 'j', expiresAt: startsAt + 300 } as const
    revocations.revoke(entry)
    const sweep = (): void => {
      for (let at = 0; at < 1000; at++) revocations.revoke({ ...entry, jti: `other-${at}`, family: `other-${at}`, expiresAt: 1 })
    }
    clock.advance(300 + 3599)
    sweep()
    expect(await answerTo(guard, token)).toBe('401 revoked_token')
    clock.advance(2)
    expect(await answerTo(guard, token)).toBe('401 expired')
    sweep()
    expect(revocations.check({ issuer, jti: 'j', family: 'j', clientKeys: [] } as never)).toBeUndefined()
  })
})

describe('a revoked signing key', () => {
  const pem = publicKeyOf(testKeys.es256).export({ format: 'pem', type: 'spki' }).toString()

  it('ends tokens that do not name it', async () => {
    const { guard, revocations } = startWith()
    const token = await tokenOf({}, { kid: undefined })
    expect(await answerTo(guard, token)).toBe('200 main')
    revocations.revoke({ type: 'signing_key', issuer, kid })
    expect(await answerTo(guard, token)).toBe('401 revoked_key')
  })

  it('may be named by its thumbprint, also where it has another name or none', async () => {
    const { d: _, ...jwk } = testKeys.es256.jwk
    for (const keys of [publicJwkOf(testKeys.es256), jwk, pem]) {
      const { guard, revocations } = startWith({ issuers: { main: entryOf({ keys }) } })
      const token = await tokenOf({}, { kid: keys === pem || keys === jwk ? undefined : kid })
      expect(await answerTo(guard, token)).toBe('200 main')
      const thumbprint = jwkThumbprint(testKeys.es256.jwk)
      revocations.revoke({ type: 'signing_key', issuer, kid: thumbprint })
      expect(await answerTo(guard, token)).toBe('401 revoked_key')
    }
  })

  it('of one issuer is no key of another that has the same name', async () => {
    const other = 'https://other.test'
    const keys = { ...publicJwkOf(testKeys.es256Other), kid }
    const { guard, revocations } = startWith({ issuers: { main: entryOf(), other: entryOf({ issuer: other, keys }) } })
    revocations.revoke({ type: 'signing_key', issuer, kid })
    expect(await answerTo(guard, await tokenOf({ iss: other }, { kid }, testKeys.es256Other))).toBe('200 other')
  })
})

it('what is revoked under one issuer of an entry is revoked under all of them', async () => {
  const aliases = ['https://one.test', 'https://two.test']
  const main = staticKeys({ issuer: aliases, audience, algorithms: ['ES256'], keys: publicJwkOf(testKeys.es256) })
  for (const [from, to] of [aliases, [...aliases].reverse()] as [string, string][]) {
    const { guard, revocations } = startWith({ issuers: { main } })
    const token = await tokenOf({ iss: to, jti: 'j' })
    expect(await answerTo(guard, token)).toBe('200 main')
    revocations.revoke({ type: 'jti', issuer: from, jti: 'j', expiresAt: startsAt + 300 })
    expect(await answerTo(guard, token)).toBe('401 revoked_token')
    expect(await answerTo(guard, await tokenOf({ iss: to, jti: 'k' }))).toBe('200 main')
    revocations.revoke({ type: 'signing_key', issuer: from, kid })
    expect(await answerTo(guard, await tokenOf({ iss: to, jti: 'k' }))).toBe('401 revoked_key')
  }
})

it('two guards share one view', async () => {
  const { guard, revocations, clock } = startWith()
  const other = startGuard({ revocations, now: clock.now })
  const token = await tokenOf({ client_id: 'app' })
  for (const one of [guard, other.guard]) expect(await answerTo(one, token)).toBe('200 main')
  revocations.revoke({ type: 'client', issuer, clientId: 'app' })
  for (const one of [guard, other.guard]) expect(await answerTo(one, token)).toBe('401 revoked_client')
})

it('what is revoked and taken back is told', () => {
  const events = recorded('countersign:revocation')
  const { revocations } = startWith()
  const entry = { type: 'client', issuer, clientId: 'app' } as const
  revocations.revoke(entry)
  revocations.reinstate(entry)
  expect(events).toEqual([
    { outcome: 'revoked', type: 'client', issuer },
    { outcome: 'unrevoked', type: 'client', issuer },
  ])
})
