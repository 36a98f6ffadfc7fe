import { familyOf, type MalformedToken, type ValidToken, without, withRawMember } from '../tokens/valid-token.js'

const row = familyOf('claims')

/** Payloads that are no claims set, and registered claims of the wrong kind (RFC 7519 §4.1 and §7.2). All are signed. */
export function malformedClaims(valid: ValidToken): readonly MalformedToken[] {
  return [...documents(valid), ...duplicates(valid), ...prototypes(valid), ...times(valid), ...names(valid)]
}

function documents({ forge, claims }: ValidToken): readonly MalformedToken[] {
  const text = JSON.stringify(claims)
  const members = Array.from({ length: 400 }, (_, index) => `"${index.toString(36)}":${index % 10}`).join(',')
  const texts: Record<string, string> = {
    'an array': `[${text}]`,
    null: 'null',
    'a string': JSON.stringify(text),
    'a number': '1',
    true: 'true',
    'empty but for a space': ' ',
    'not JSON': 'sub=admin',
    'two objects': text + text,
    'with a trailing comma': text.replace('}', ',}'),
    'with a comment': `/**/${text}`,
    'in single quotes': text.replaceAll('"', "'"),
    'after a byte order mark': `\ufeff${text}`,
    'after a NUL': `\0${text}`,
    'with NaN': withRawMember(claims, 'x', 'NaN'),
    'with a number beyond a double': withRawMember(claims, 'x', '1e999'),
    'with such a number deep inside': withRawMember(claims, 'x', '[{"y":-1e999}]'),
    'with an unpaired surrogate': withRawMember(claims, 'x', '"\\udfff"'),
    'nested 2000 levels deep': withRawMember(claims, 'x', '['.repeat(2000) + ']'.repeat(2000)),
    'nested 400 objects deep': withRawMember(claims, 'x', `${'{"a":'.repeat(400)}1${'}'.repeat(400)}`),
    'cut off': text.slice(0, -1),
  }
  const invalid = (...bytes: number[]): Buffer =>
    Buffer.from(withRawMember(claims, 'x', `"${Buffer.from(bytes).toString('latin1')}"`), 'latin1')
  const raw: Record<string, Uint8Array> = {
    'in invalid UTF-8': invalid(0xff),
    'in overlong UTF-8': invalid(0xc0, 0xaf),
    'with a surrogate in UTF-8': invalid(0xed, 0xa0, 0x80),
    'in UTF-8 that is cut off': invalid(0xe2, 0x82),
    'in UTF-16': Buffer.from(text, 'utf16le'),
    'in UTF-16 after a byte order mark': Buffer.from(`\ufeff${text}`, 'utf16le'),
  }
  return [
    ...Object.entries({ ...texts, ...raw }).map(([name, payload]) => row(`a payload ${name}`, ['malformed'], forge({ payload }))),
    row('thousands of members', ['malformed', 'too_large'], forge({ payload: `{${Array(4).fill(members).join(',')},${text.slice(1)}` })),
  ]
}

function duplicates({ forge, claims }: ValidToken): readonly MalformedToken[] {
  const rest = JSON.stringify(claims).slice(1, -1)
  const twice: Record<string, string> = {
    'iss twice, a stranger first': `{"iss":"https://attacker.example",${rest}}`,
    'iss twice, a stranger last': `{${rest},"iss":"https://attacker.example"}`,
    'sub twice': `{"sub":"admin",${rest},"sub":"admin"}`,
    'exp twice': `{"exp":1,${rest}}`,
    'exp twice, once in escapes': `{"\\u0065xp":1,${rest}}`,
    'a private claim twice': `{"role":"user","role":"admin",${rest}}`,
    // A short spelling of a long number must not make up for what was dropped.
    'a private claim twice, after a number with an exponent': `{"n":1e20,"role":"a","role":"b",${rest}}`,
    'a private claim twice, after escapes': `{"n":"\\u0061\\n","role":"a","role":"b",${rest}}`,
    'a private claim twice, after white space': `{ "n" : 1 , "role":"a","role":"b",${rest}}`,
    'an empty name twice': `{"":1,"":2,${rest}}`,
    'a nested member twice': `{"act":{"sub":"a","sub":"b"},${rest}}`,
  }
  return Object.entries(twice).map(([name, payload]) => row(name, ['malformed'], forge({ payload })))
}

/** What is needed stands only where a careless look-up would find it. */
function prototypes({ forge, claims }: ValidToken): readonly MalformedToken[] {
  return ['exp', 'iss', 'aud'].flatMap((claim) => {
    if (claims[claim] === undefined) return []
    const rest = without(claims, claim)
    const reasons = claim === 'aud' ? (['audience', 'claims', 'malformed'] as const) : (['claims', 'malformed'] as const)
    return ['__proto__', 'constructor'].map((name) =>
      row(
        `${claim} only inside ${name}`,
        reasons,
        forge({ payload: withRawMember(rest, name, JSON.stringify({ [claim]: claims[claim] })) }),
      ),
    )
  })
}

function times({ forge, claims, nowSeconds }: ValidToken): readonly MalformedToken[] {
  const later = Math.floor(nowSeconds) + 300
  const wrong: Record<string, string> = {
    'a text': `"${later}"`,
    null: 'null',
    true: 'true',
    'an array': `[${later}]`,
    'an object': `{"value":${later}}`,
    'an empty text': '""',
    'a date': '"2999-01-01T00:00:00Z"',
    Infinity: '1e999',
    'minus Infinity': '-1e999',
    NaN: 'NaN',
    hexadecimal: '0xffffffff',
  }
  const rows = ['exp', 'nbf', 'iat'].flatMap((claim) =>
    Object.entries(wrong).map(([name, text]) =>
      row(`${claim}: ${name}`, ['claims', 'malformed'], forge({ payload: withRawMember(claims, claim, text) })),
    ),
  )
  const expired: Record<string, number> = {
    zero: 0,
    negative: -1,
    'an hour ago': later - 3900,
    'a minute ago': later - 360,
    'in milliseconds, long ago': -1e12,
  }
  return [
    ...rows,
    ...Object.entries(expired).map(([name, exp]) => row(`exp: ${name}`, ['expired'], forge({ payload: { ...claims, exp } }))),
    row('no exp', ['claims'], forge({ payload: without(claims, 'exp') })),
    row('Exp instead of exp', ['claims'], forge({ payload: { ...without(claims, 'exp'), Exp: later, EXP: later } })),
    row('nbf in an hour', ['not_yet_valid'], forge({ payload: { ...claims, nbf: later + 3600, exp: later + 7200 } })),
    row('nbf in milliseconds', ['not_yet_valid'], forge({ payload: { ...claims, nbf: later * 1000 } })),
    row('iat in an hour', ['issued_in_future'], forge({ payload: { ...claims, iat: later + 3600, exp: later + 7200 } })),
    row('iat in milliseconds', ['issued_in_future'], forge({ payload: { ...claims, iat: later * 1000 } })),
  ]
}

function names({ forge, claims }: ValidToken): readonly MalformedToken[] {
  const kinds: Record<string, unknown> = { 'a number': 1, null: null, 'an array': ['user-1'], 'an object': { id: 'user-1' }, true: true }
  const rows = ['sub', 'jti'].flatMap((claim) =>
    Object.entries(kinds).map(([name, value]) => row(`${claim}: ${name}`, ['claims'], forge({ payload: { ...claims, [claim]: value } }))),
  )
  return [...rows, row('sub: empty', ['claims'], forge({ payload: { ...claims, sub: '' } }))]
}
