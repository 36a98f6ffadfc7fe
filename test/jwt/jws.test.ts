import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createHeaderMemo, type Jws, parseJws } from '@countersign/jwt'
import { describe, expect, test } from 'vitest'
import { compact, compactOf } from './compact.js'

const good = compactOf({ kid: 'k1', typ: 'at+jwt' }, { sub: 'a' }, 'HS256')
const [header = '', payload = '', signature = ''] = good.split('.')

function reasonOf(token: string, maxBytes?: number): string {
  const outcome = parseJws(token, maxBytes === undefined ? {} : { maxBytes })
  return outcome.ok ? 'accepted' : outcome.refusal.reason
}

function parsed(token: string): Jws {
  const outcome = parseJws(token)
  if (!outcome.ok) throw new Error(outcome.refusal.reason)
  return outcome.jws
}

const withHeader = (text: string): string => compact(text, '{}', 'HS256')

describe('taking a compact JWS apart (RFC 7515 §3.1)', () => {
  test('the parts of a good token come out as they were put in', () => {
    const jws = parsed(good)
    expect(jws.header).toMatchObject({ alg: 'HS256', kid: 'k1', typ: 'at+jwt' })
    expect(jws.payload.toString()).toBe('{"sub":"a"}')
    expect(jws.signature.toString('base64url')).toBe(signature)
    expect(jws.signingInput.toString()).toBe(`${header}.${payload}`)
    expect(jws.headerSegment).toBe(header)
  })

  test.each([
    ['nothing', ''],
    ['one segment', header],
    ['two segments', `${header}.${payload}`],
    ['four segments', `${good}.${signature}`],
    ['five segments', `${good}..`],
    ['only dots', '..'],
    ['no header', `.${payload}.${signature}`],
    ['no payload', `${header}..${signature}`],
    ['no signature', `${header}.${payload}.`],
    ['a trailing dot', `${good}.`],
    ['a leading dot', `.${good}`],
    ['a leading space', ` ${good}`],
    ['a trailing line feed', `${good}\n`],
    ['padding', `${good}=`],
    ['JSON', '{"payload":"","signatures":[]}'],
  ])('a token with %s is malformed', (_, token) => {
    expect(reasonOf(token)).toBe('malformed')
  })

  test.each(['+', '/', '=', ' ', '\0', '\n', '%', '?', 'é', '\u0141', '\ud800', '😀'])(
    'the character %j is malformed in every segment',
    (junk) => {
      for (const at of [2, header.length + 3, good.length - 2]) {
        expect(reasonOf(good.slice(0, at) + junk + good.slice(at + 1))).toBe('malformed')
        expect(reasonOf(good.slice(0, at) + junk + good.slice(at))).toBe('malformed')
      }
    },
  )

  test('unused bits that are set are malformed in every segment', () => {
    for (const [one, two, three] of [
      ['e30', payload, signature],
      [header, 'e30', signature],
      [header, payload, 'AAA'],
    ]) {
      const last = `${one}.${two}.${three}`
      const spoilt = last.replace('e30', 'e31').replace('AAA', 'AAB')
      expect(reasonOf(spoilt)).toBe('malformed')
      expect(reasonOf(last)).not.toBe('malformed')
    }
  })

  test('a token longer than the limit is too large before anything is decoded', () => {
    expect(reasonOf(good, good.length)).toBe('accepted')
    expect(reasonOf(good, good.length - 1)).toBe('too_large')
    expect(reasonOf('.'.repeat(8193))).toBe('too_large')
    expect(reasonOf('.'.repeat(8192))).toBe('malformed')
  })
})

describe('the header (RFC 7515 §4)', () => {
  test.each([
    ['is not JSON', '{"alg":', 'malformed'],
    ['is a list', '[]', 'malformed'],
    ['is a string', '"HS256"', 'malformed'],
    ['names a member twice', '{"alg":"HS256","alg":"none"}', 'malformed'],
    ['has no alg', '{}', 'header'],
    ['has an alg that is a list', '{"alg":["HS256"]}', 'header'],
    ['has an alg that is null', '{"alg":null}', 'header'],
    ['has the alg none', '{"alg":"none"}', 'algorithm'],
    ['has the alg None', '{"alg":"None"}', 'algorithm'],
    ['has an empty alg', '{"alg":""}', 'algorithm'],
    ['has an alg in lower case', '{"alg":"hs256"}', 'algorithm'],
    ['has an alg with a space', '{"alg":"HS256 "}', 'algorithm'],
    ['has an alg for encryption', '{"alg":"RSA-OAEP"}', 'algorithm'],
    ['has the alg toString', '{"alg":"toString"}', 'algorithm'],
    ['has the alg __proto__', '{"alg":"__proto__"}', 'algorithm'],
    ['has crit', '{"alg":"HS256","crit":["exp"]}', 'header'],
    ['has crit with b64', '{"alg":"HS256","b64":true,"crit":["b64"]}', 'header'],
    ['has an empty crit', '{"alg":"HS256","crit":[]}', 'header'],
    ['has a crit that is null', '{"alg":"HS256","crit":null}', 'header'],
    ['has a kid that is a number', '{"alg":"HS256","kid":1}', 'header'],
    ['has a kid that is null', '{"alg":"HS256","kid":null}', 'header'],
    ['has a kid of 1025 characters', `{"alg":"HS256","kid":"${'k'.repeat(1025)}"}`, 'header'],
    ['has a typ that is a list', '{"alg":"HS256","typ":["JWT"]}', 'header'],
  ])('a header that %s is refused', (_, text, reason) => {
    expect(reasonOf(withHeader(text))).toBe(reason)
  })

  test('crit in the prototype-like member is no crit, and names of Object.prototype are harmless', () => {
    const jws = parsed(withHeader('{"alg":"HS256","__proto__":{"crit":["x"],"kid":"evil"},"constructor":1}'))
    expect(jws.header.kid).toBeUndefined()
    expect('crit' in jws.header).toBe(false)
  })

  test.each(['jku', 'jwk', 'x5u', 'x5c', 'zip', 'b64'])('the member %s is carried along and not obeyed', (name) => {
    const jws = parsed(withHeader(`{"alg":"HS256","${name}":false}`))
    expect(jws.payload.toString()).toBe('{}')
  })

  test('an empty kid names nothing', () => {
    const { header } = parsed(withHeader('{"alg":"HS256","kid":"","x":1}'))
    expect('kid' in header).toBe(false)
    expect(header.x).toBe(1)
    expect(Object.isFrozen(header)).toBe(true)
  })

  test('the header is deeply frozen', () => {
    const { header } = parsed(withHeader('{"alg":"HS256","jwk":{"kty":"oct"}}'))
    expect(Object.isFrozen(header)).toBe(true)
    expect(Object.isFrozen(header.jwk)).toBe(true)
  })

  test('what was sent as alg is kept for events, cut to 200 characters', () => {
    const outcome = parseJws(withHeader(`{"alg":"${'x'.repeat(500)}"}`))
    expect(outcome.ok ? undefined : outcome.refusal.detail?.received).toBe('x'.repeat(200))
  })
})

describe('the memo of headers', () => {
  test('a remembered header is given out again, the same object', () => {
    const headers = createHeaderMemo()
    const first = parsed(good)
    expect(headers.get(header)).toBeUndefined()
    headers.remember(first)
    const outcome = parseJws(good, { headers })
    expect(outcome.ok && outcome.jws.header).toBe(first.header)
  })

  test('parsing alone writes nothing', () => {
    const headers = createHeaderMemo()
    parseJws(good, { headers })
    expect(headers.get(header)).toBeUndefined()
  })

  test('payload and signature are still checked with a remembered header', () => {
    const headers = createHeaderMemo()
    headers.remember(parsed(good))
    expect(parseJws(`${header}.${payload}=.${signature}`, { headers }).ok).toBe(false)
  })

  test('the oldest entry goes when the memo is full', () => {
    const headers = createHeaderMemo(2)
    const tokens = ['a', 'b', 'c'].map((kid) => parsed(compactOf({ kid }, {}, 'HS256')))
    for (const jws of tokens) headers.remember(jws)
    expect(tokens.map((jws) => headers.get(jws.headerSegment)?.kid)).toEqual([undefined, 'b', 'c'])
  })

  test('the memo keeps no token alive', () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const headers = createHeaderMemo(2000)
    const remember = (at: number): void => headers.remember(parsed(compactOf({ kid: `k${at}` }, { text: 'x'.repeat(5900) }, 'HS256')))
    const heapAfter = (): number => {
      collect()
      return process.memoryUsage().heapUsed
    }
    const before = heapAfter()
    for (let at = 0; at < 2000; at++) remember(at)
    // 2000 tokens of 8 KB are 16 MB; their headers are less than 1 MB.
    expect(heapAfter() - before).toBeLessThan(6e6)
    expect(headers.get(parsed(compactOf({ kid: 'k7' }, {}, 'HS256')).headerSegment)?.kid).toBe('k7')
  })

  test.each([0, -1, 1.5, Number.NaN])('a size of %s is refused at start-up', (size) => {
    expect(() => createHeaderMemo(size)).toThrow(TypeError)
  })
})
