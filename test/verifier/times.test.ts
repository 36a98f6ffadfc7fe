import type { StaticKeysOptions } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { answerTo, entryOf, startGuard, startsAt, tokenOf } from './guard-setup.js'

const start = (changes: Partial<StaticKeysOptions>) => startGuard({ issuers: { main: entryOf(changes) } })
const ok = '200 main'

describe('times', () => {
  it.each<[string, Record<string, unknown>, Partial<StaticKeysOptions>, string]>([
    ['exp just ahead of the tolerance', { exp: startsAt - 4.999 }, {}, ok],
    ['exp at the end of the tolerance', { exp: startsAt - 5 }, {}, '401 expired'],
    ['exp without tolerance', { exp: startsAt }, { clockToleranceSeconds: 0 }, '401 expired'],
    ['exp a fraction ahead', { exp: startsAt + 0.001 }, { clockToleranceSeconds: 0 }, ok],
    ['exp as text', { exp: String(startsAt + 300) }, {}, '401 claims'],
    ['no exp', { exp: undefined }, {}, '401 claims'],
    ['exp null', { exp: null }, {}, '401 claims'],
    ['nbf within the tolerance', { nbf: startsAt + 5 }, {}, ok],
    ['nbf beyond it', { nbf: startsAt + 5.001 }, {}, '401 not_yet_valid'],
    ['nbf as text', { nbf: '0' }, {}, '401 claims'],
    ['iat 60 s ahead', { iat: startsAt + 60 }, {}, ok],
    ['iat more than 60 s ahead', { iat: startsAt + 60.5 }, {}, '401 issued_in_future'],
    ['iat far ahead where the host does not mind', { iat: startsAt + 1e6 }, { maxFutureIssuedSeconds: null }, ok],
    ['iat ahead where the host does mind', { iat: startsAt + 1 }, { maxFutureIssuedSeconds: 0 }, '401 issued_in_future'],
    ['no iat', { iat: undefined }, {}, ok],
    ['an age', { iat: startsAt - 100 }, { maxAgeSeconds: 100 }, ok],
    ['an age within the tolerance', { iat: startsAt - 105 }, { maxAgeSeconds: 100 }, ok],
    ['an age beyond it', { iat: startsAt - 105.001 }, { maxAgeSeconds: 100 }, '401 too_old'],
    ['no iat where an age is demanded', { iat: undefined }, { maxAgeSeconds: 100 }, '401 claims'],
  ])('%s', async (_what, claims, rule, answer) => {
    expect(await answerTo(start(rule).guard, await tokenOf(claims))).toBe(answer)
  })

  it('are judged on every request, also for a token in the cache', async () => {
    const { guard, clock } = start({ maxAgeSeconds: 100 })
    const token = await tokenOf({ exp: startsAt + 1000 })
    expect(await answerTo(guard, token)).toBe(ok)
    clock.advance(105)
    expect(await answerTo(guard, token)).toBe(ok)
    clock.advance(0.5)
    expect(await answerTo(guard, token)).toBe('401 too_old')
    clock.set(startsAt - 61)
    expect(await answerTo(guard, token)).toBe('401 issued_in_future')
    clock.set(startsAt + 1005)
    expect(await answerTo(guard, token)).toBe('401 expired')
  })
})

describe('typ', () => {
  const rule = (typ: StaticKeysOptions['typ']): Partial<StaticKeysOptions> => ({ typ }) as Partial<StaticKeysOptions>

  it.each<[string, unknown, Partial<StaticKeysOptions>, string]>([
    ['at+jwt by default', 'at+jwt', {}, ok],
    ['JWT by default', 'JWT', {}, ok],
    ['none by default', undefined, {}, ok],
    ['other case', 'AT+JWT', {}, ok],
    ['the long form', 'application/at+jwt', {}, ok],
    ['the long form in other case', 'Application/AT+JWT', {}, ok],
    ['an id token of another kind', 'id+jwt', {}, '401 token_type'],
    ['a logout token', 'logout+jwt', {}, '401 token_type'],
    ['a DPoP proof', 'dpop+jwt', {}, '401 token_type'],
    ['another media type', 'text/at+jwt', {}, '401 token_type'],
    ['a longer media type', 'application/x/at+jwt', {}, '401 token_type'],
    ['space', ' JWT', {}, '401 token_type'],
    ['JWT where only at+jwt is accepted', 'JWT', rule('at+jwt'), '401 token_type'],
    ['none where only at+jwt is accepted', undefined, rule('at+jwt'), '401 token_type'],
    ['the long form in the rule', 'at+jwt', rule('application/AT+JWT'), ok],
    ['one of a list', 'x', rule(['x', '']), ok],
    ['none where the list has it', undefined, rule(['x', '']), ok],
    ['anything where it is not checked', 'dpop+jwt', rule(null), ok],
    ['a number', 7, {}, '401 header'],
  ])('%s', async (_what, typ, changes, answer) => {
    expect(await answerTo(start(changes).guard, await tokenOf({}, { typ }))).toBe(answer)
  })
})

describe('cnf', () => {
  it.each([{ jkt: 'x' }, { 'x5t#S256': 'x' }, {}, null, 'x'])('%j is never taken for a plain bearer token', async (cnf) => {
    const { guard } = startGuard()
    expect(await answerTo(guard, await tokenOf({ cnf }))).toBe('401 confirmation')
  })
})
