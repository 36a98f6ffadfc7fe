import { checkAudience, checkTimes, normalizeType, type ParsedClaims, parseClaims, parseJws, type TimeRule } from '@countersign/jwt'
import { describe, expect, test } from 'vitest'
import { compact } from './compact.js'

function read(text: string): ReturnType<typeof parseClaims> {
  const outcome = parseJws(compact('{"alg":"HS256"}', text, 'HS256'))
  if (!outcome.ok) throw new Error(outcome.refusal.reason)
  return parseClaims(outcome.jws)
}

describe('registered claims (RFC 7519 §4.1)', () => {
  test.each([
    '{"iss":1}',
    '{"iss":["https://a.example"]}',
    '{"iss":null}',
    '{"sub":""}',
    '{"sub":1}',
    '{"sub":null}',
    '{"aud":1}',
    '{"aud":{"0":"a"}}',
    '{"aud":["a",1]}',
    '{"aud":[["a"]]}',
    '{"aud":null}',
    '{"exp":"1"}',
    '{"exp":null}',
    '{"nbf":"1"}',
    '{"nbf":[1]}',
    '{"iat":"1"}',
    '{"iat":true}',
    '{"jti":1}',
    '{"jti":null}',
  ])('%s has a claim of the wrong type', (text) => {
    const outcome = read(text)
    expect(outcome.ok ? 'accepted' : outcome.refusal.reason).toBe('claims')
  })

  test.each(['{}', '{"iss":"","aud":[],"jti":""}', '{"exp":1.5,"nbf":-1,"iat":0.25}', '{"aud":["a","b"]}', '{"scope":1,"azp":null}'])(
    '%s is legal',
    (text) => {
      expect(read(text).ok).toBe(true)
    },
  )

  test('what is not a JSON object is malformed', () => {
    const outcome = read('["a"]')
    expect(outcome.ok ? 'accepted' : outcome.refusal.reason).toBe('malformed')
  })
})

describe('times', () => {
  const rule: TimeRule = { now: 1000, toleranceSeconds: 5, maxFutureIssuedSeconds: 60 }
  const judge = (claims: ParsedClaims, changes: Partial<TimeRule> = {}): string =>
    checkTimes(claims, { ...rule, ...changes })?.reason ?? 'accepted'

  test.each([
    [{}, 'claims'],
    [{ exp: 995 }, 'expired'],
    [{ exp: 995.001 }, 'accepted'],
    [{ exp: 1001 }, 'accepted'],
    [{ exp: 2000, nbf: 1005 }, 'accepted'],
    [{ exp: 2000, nbf: 1005.5 }, 'not_yet_valid'],
    [{ exp: 2000, iat: 1060 }, 'accepted'],
    [{ exp: 2000, iat: 1061 }, 'issued_in_future'],
    [{ exp: 900, nbf: 2000 }, 'expired'],
    [{ exp: 0 }, 'expired'],
  ])('with 5 seconds of tolerance at 1000, %j is %s', (claims, verdict) => {
    expect(judge(claims)).toBe(verdict)
  })

  test('by a clock that tells no time every token is expired', () => {
    expect(judge({ exp: 2000 }, { now: Number.NaN })).toBe('expired')
  })

  test('the time may have a fraction', () => {
    expect(judge({ exp: 1000.5 }, { now: 1000.4, toleranceSeconds: 0 })).toBe('accepted')
    expect(judge({ exp: 1000.5 }, { now: 1000.5, toleranceSeconds: 0 })).toBe('expired')
  })

  test.each([
    [{ exp: 2000, iat: 895 }, 'accepted'],
    [{ exp: 2000, iat: 894 }, 'too_old'],
    [{ exp: 2000 }, 'claims'],
  ])('with an age of 100 seconds demanded, %j is %s', (claims, verdict) => {
    expect(judge(claims, { maxAgeSeconds: 100 })).toBe(verdict)
  })

  test('null allows any iat ahead, unless an age is demanded: a token from the future would never grow old', () => {
    const claims = { exp: 99_999, iat: 5000 }
    expect(judge(claims, { maxFutureIssuedSeconds: null })).toBe('accepted')
    expect(judge(claims, { maxFutureIssuedSeconds: null, maxAgeSeconds: 100 })).toBe('issued_in_future')
  })
})

describe('audience', () => {
  const judge = (aud: ParsedClaims['aud'], ...accepted: string[]): string =>
    checkAudience(aud === undefined ? {} : { aud }, accepted)?.reason ?? 'accepted'

  test('one equal string is enough, on either side', () => {
    expect(judge('a', 'a')).toBe('accepted')
    expect(judge('a', 'b', 'a')).toBe('accepted')
    expect(judge(['x', 'a'], 'b', 'a')).toBe('accepted')
  })

  test.each([
    [undefined],
    [[]],
    ['https://a.example.com'],
    ['a.example'],
    ['https://a.example/'],
    ['HTTPS://A.EXAMPLE'],
    [['https://a.example,https://b.example']],
  ])('%j is not the audience https://a.example', (aud) => {
    expect(judge(aud, 'https://a.example')).toBe('audience')
  })

  test('what was expected and sent is kept for events, each cut to 200 characters', () => {
    const refusal = checkAudience({ aud: Array(100).fill('x'.repeat(50)) }, ['y'.repeat(300)])
    expect(refusal?.detail?.expected).toBe('y'.repeat(200))
    expect(refusal?.detail?.received?.length).toBe(200)
  })
})

describe('typ', () => {
  test.each([
    [undefined, ''],
    ['JWT', 'jwt'],
    ['at+jwt', 'at+jwt'],
    ['AT+JWT', 'at+jwt'],
    ['application/at+jwt', 'at+jwt'],
    ['Application/AT+JWT', 'at+jwt'],
    ['application/a/b', 'application/a/b'],
    ['text/jwt', 'text/jwt'],
    ['application/', 'application/'],
  ])('%j is compared as %j', (typ, normal) => {
    expect(normalizeType(typ)).toBe(normal)
  })
})
