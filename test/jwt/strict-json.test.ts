import { parseClaims } from '@countersign/jwt'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonFacts } from './slow-reference.js'

const runs = Number(process.env.FUZZ_RUNS ?? 4000)

function read(text: string | Uint8Array): ReturnType<typeof parseClaims> {
  return parseClaims({ payload: Buffer.from(text) })
}

function reasonOf(text: string | Uint8Array): string {
  const outcome = read(text)
  return outcome.ok ? 'accepted' : outcome.refusal.reason
}

/** JSON as text, with all that JSON.parse forgives: white space, escapes, exponents, members twice. */
const blank = fc.constantFrom('', '', '', '', ' ', '\n', ' \t')
const names = fc.constantFrom('a', 'b', 'c', 'a:', '"', 'é', '\u0061', '__proto__', 'constructor', '', '{', ':', '\\', '😀', ' ')
const escaped = (value: string): string => {
  const units = Array.from({ length: value.length }, (_, at) => `\\u${value.charCodeAt(at).toString(16).padStart(4, '0')}`)
  return `"${units.join('')}"`
}
const quoted = (value: string, form: number): string => (form === 0 ? escaped(value) : JSON.stringify(value))
const string = fc.tuple(fc.oneof(names, fc.string({ maxLength: 6 })), fc.nat(6)).map(([value, form]) => quoted(value, form))
const loneSurrogate = fc.constantFrom('"\\ud800"', '"x\\udc00y"', '"\\ud83d\\ude00"')
const number = fc.oneof(
  fc.constantFrom(
    '0',
    '1e5',
    '1e8',
    '-0',
    '1',
    '17e8',
    '1e3',
    '1000',
    '1700000000',
    '1.7e9',
    '1e400',
    '-1e400',
    '1e-400',
    '0.1',
    '1E2',
    '100',
    '12e0',
    '9007199254740993',
  ),
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
)
const scalar = fc.oneof(
  { weight: 6, arbitrary: string },
  { weight: 6, arbitrary: number },
  { weight: 2, arbitrary: fc.constantFrom('true', 'false', 'null') },
  { weight: 1, arbitrary: loneSurrogate },
)
const { object } = fc.letrec<{ value: string; object: string; list: string }>((tie) => ({
  value: fc.oneof({ maxDepth: 3, withCrossShrink: true }, scalar, tie('object'), tie('list')),
  list: fc
    .array(
      fc.tuple(blank, tie('value'), blank).map((parts) => parts.join('')),
      { maxLength: 4 },
    )
    .map((items) => `[${items.join(',')}]`),
  object: fc
    .array(
      fc
        .tuple(blank, fc.tuple(names, fc.nat(6)), blank, blank, tie('value'), blank)
        .map(([before, [name, form], after, then, value, end]) => `${before}${quoted(name, form)}${after}:${then}${value}${end}`),
      { maxLength: 5 },
    )
    .map((members) => `{${members.join(',')}}`),
}))

describe('strict JSON (RFC 8725 §2.4, RFC 7515 §4)', () => {
  test('what is accepted and what is refused agrees with a slow reader on every text', () => {
    let accepted = 0
    let duplicates = 0
    fc.assert(
      fc.property(object, (text) => {
        const facts = jsonFacts(text)
        const isMalformed = facts.duplicate || facts.infinite || facts.loneSurrogate || facts.oddName
        const wanted = isMalformed ? 'malformed' : facts.unsafeInteger ? 'claims' : 'accepted'
        expect(reasonOf(text)).toBe(wanted)
        if (wanted === 'accepted') accepted++
        if (facts.duplicate) duplicates++
      }),
      { numRuns: runs, seed: 8725 },
    )
    expect(accepted).toBeGreaterThan(runs / 20)
    expect(duplicates).toBeGreaterThan(runs / 50)
  })

  test('what is accepted has the value that JSON.parse gives', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string().filter((name) => !'iss sub aud exp nbf iat jti'.split(' ').includes(name)),
          fc.jsonValue(),
        ),
        (value) => {
          const text = JSON.stringify(value)
          const outcome = read(text)
          if (outcome.ok) expect(JSON.stringify(outcome.claims)).toBe(JSON.stringify(JSON.parse(text)))
          else
            expect(jsonFacts(text)).toSatisfy(
              (facts: ReturnType<typeof jsonFacts>) => facts.loneSurrogate || facts.oddName || facts.unsafeInteger || facts.depth > 16,
            )
        },
      ),
    )
  })

  test.each([
    ['twice at the top', '{"sub":"a","sub":"b"}'],
    ['twice with one value', '{"sub":"a","sub":"a"}'],
    ['twice inside an object', '{"cnf":{"jkt":"a","jkt":"b"}}'],
    ['twice inside a list', '{"a":[{"b":1,"b":2}]}'],
    ['once plain and once with an escape', '{"sub":"a","\\u0073ub":"b"}'],
    ['hidden by an exponent that saves as many characters', '{"a":1,"a":1e8}'],
    ['hidden by white space that another member lacks', '{"a":1,"a" : 2,"b:":":"}'],
  ])('a member name %s is malformed', (_, text) => {
    expect(reasonOf(text)).toBe('malformed')
  })

  // A duplicate is five characters or more: whatever was measured too long by one would hide it at some count.
  test.each([
    ['objects', (count: number) => `${'{"a":'.repeat(count)}1${'}'.repeat(count)}`],
    ['empty objects', (count: number) => `[${Array(count).fill('{}').join()}]`],
    ['lists', (count: number) => `${'['.repeat(count)}1${']'.repeat(count)}`],
    ['empty lists', (count: number) => `[${Array(count).fill('[]').join()}]`],
    ['strings', (count: number) => `[${Array(count).fill('"a"').join()}]`],
    ['numbers', (count: number) => `[${Array(count).fill('1000000001').join()}]`],
    ['zeros', (count: number) => `[${Array(count).fill('0').join()}]`],
    ['negative numbers', (count: number) => `[${Array(count).fill('-7').join()}]`],
    ['fractions', (count: number) => `[${Array(count).fill('0.5').join()}]`],
    ['literals', (count: number) => `[${Array(count).fill('true,false,null').join()}]`],
    ['members', (count: number) => `{${Array.from({ length: count }, (_, at) => `"m${at}":1`).join()}}`],
  ])('a member twice beside any number of %s is malformed', (_, many) => {
    for (let count = 1; count <= 14; count++) {
      expect(reasonOf(`{"":${many(count)}}`)).toBe('accepted')
      expect(reasonOf(`{"":0,"":${many(count)}}`)).toBe('malformed')
    }
  })

  test.each([
    ['white space', '{ "a" : 1 ,\n\t"b" : [ ] }'],
    ['escapes', '{"a":"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9:","b:":"\\ud83d\\ude00"}'],
    ['colons and braces in strings', '{"a":"{\\"a\\":1}","b":"::","{":"}"}'],
    ['exponents and fractions', '{"a":17e8,"b":1.50,"c":-0,"d":1e-400}'],
    ['empty objects and lists', '{"a":{},"b":[],"c":""}'],
    ['text beyond ASCII', '{"name":"Zoë 😀","città":1}'],
    ['a replacement character that was sent as such', '{"a":"\ufffd"}'],
    ['names of Object.prototype', '{"__proto__":{"admin":true},"constructor":1,"toString":2}'],
  ])('%s is accepted', (_, text) => {
    expect(reasonOf(text)).toBe('accepted')
  })

  test.each([
    ['a truncated sequence', [0xc3]],
    ['an overlong form', [0xc0, 0xaf]],
    ['an encoded surrogate', [0xed, 0xa0, 0x80]],
    ['a byte that never occurs', [0xff]],
    ['Latin-1', [0xe9]],
  ])('invalid UTF-8, %s, is malformed and not replaced', (_, bytes) => {
    expect(reasonOf(Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes), Buffer.from('"}')]))).toBe('malformed')
  })

  test('a byte order mark is malformed', () => {
    expect(reasonOf('\ufeff{}')).toBe('malformed')
  })

  test.each([
    '',
    '1',
    '"a"',
    'null',
    'true',
    '[]',
    '[{"a":1}]',
    '{',
    '{}x',
    "{'a':1}",
    '{"a":NaN}',
    '{"a":01}',
    '{,}',
    '{"a":1,}',
    '{"a":"\n"}',
  ])('the text %j is malformed', (text) => {
    expect(reasonOf(text)).toBe('malformed')
  })

  test.each(['{"exp":1e400}', '{"a":-1e999}', '{"a":{"b":[1,2e308]}}', '{"a":[[1e400]]}'])(
    'a number beyond a double in %s is malformed',
    (text) => {
      expect(reasonOf(text)).toBe('malformed')
    },
  )

  test.each(['9007199254740992', '9007199254740993', '-9007199254740992', '12345678901234567890', '1e300'])(
    'the integer %s, which a double cannot tell from others, is refused wherever it stands, and the claim is named',
    (number) => {
      for (const text of [`{"sub_id":${number}}`, `{"a":1,"sub_id":{"b":[1,{"c":${number}}]}}`, `{"sub_id":[[${number}]],"z":${number}}`]) {
        const outcome = read(text)
        expect(outcome.ok ? 'accepted' : outcome.refusal.reason).toBe('claims')
        expect(outcome.ok || outcome.refusal.detail?.expected).toMatch(/^sub_id: /)
      }
    },
  )

  test.each(['9007199254740991', '-9007199254740991', '9007199254740991.0', '1e15', '0.30000000000000004', '1e-400'])(
    'the number %s is accepted',
    (number) => {
      expect(reasonOf(`{"a":${number}}`)).toBe('accepted')
    },
  )

  test('an unpaired surrogate is malformed, in a name and in a value', () => {
    expect(reasonOf('{"a":"\\ud800"}')).toBe('malformed')
    expect(reasonOf('{"\\udfff":1}')).toBe('malformed')
    expect(reasonOf('{"a":["\\ud83d\\ude00","\\ude00\\ud83d"]}')).toBe('malformed')
  })

  test('nesting is accepted to a depth of 16 and no further', () => {
    const nest = (depth: number): string => `{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`
    expect(reasonOf(nest(16))).toBe('accepted')
    expect(reasonOf(nest(17))).toBe('malformed')
    expect(reasonOf(`${'{"a":'.repeat(16)}1${'}'.repeat(16)}`)).toBe('accepted')
    expect(reasonOf(`${'{"a":'.repeat(17)}1${'}'.repeat(17)}`)).toBe('malformed')
    expect(reasonOf(nest(100_000))).toBe('malformed')
  })

  test('1000 members are accepted and no more, those of nested objects included', () => {
    const many = (count: number): string => JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, at) => [`m${at}`, 1])))
    expect(reasonOf(many(1000))).toBe('accepted')
    expect(reasonOf(many(1001))).toBe('malformed')
    expect(reasonOf(`{"a":${many(999)}}`)).toBe('accepted')
    expect(reasonOf(`{"a":${many(1000)}}`)).toBe('malformed')
  })

  test.each(['"\\""', '"\\u0022"', '"\\\\"', '"a\\u005c"', '"\\n"', '"\\u0000"', '"\\t" '])('the member name %s is malformed', (name) => {
    expect(reasonOf(`{${name}:1}`)).toBe('malformed')
    expect(reasonOf(`{"a":{${name}:1}}`)).toBe('malformed')
    expect(reasonOf(`{"a":[${name}]}`)).toBe('accepted')
  })

  // JSON.parse of Node 24 and 26 reads the escaped names as the one in the first text, once it has read that.
  test.each([
    ['{"h":[],"\\\\":0}', '{"h":1,"\\u0073ub":"alice"}'],
    ['{"h":[],"\\\\u":0}', '{"h":1,"\\u0073ub":"alice"}'],
    ['{"h":[],"s\\\\":0}', '{"h":1,"s\\u0075b":"alice"}'],
  ])('a name is read as it is, whatever was read before (%s)', (before, text) => {
    JSON.parse(before)
    expect(reasonOf(before)).toBe('malformed')
    const outcome = read(text)
    expect(outcome.ok && outcome.claims.sub).toBe('alice')
  })

  test('everything that comes out is frozen, and the object inherits nothing', () => {
    const outcome = read('{"a":{"b":[{"c":1}]},"__proto__":{"admin":true}}')
    if (!outcome.ok) throw new Error(outcome.refusal.reason)
    const { claims } = outcome
    const { a } = claims as unknown as { a: { b: object[] } }
    for (const one of [claims, a, a.b, a.b[0]]) expect(Object.isFrozen(one)).toBe(true)
    for (const name of ['toString', 'constructor', 'hasOwnProperty', 'admin', 'valueOf']) expect(name in claims).toBe(false)
    expect(Object.keys(claims)).toEqual(['a', '__proto__'])
  })
})
