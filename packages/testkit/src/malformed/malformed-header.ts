import { deflateRawSync } from 'node:zlib'
import { encodeSegment, rawSigner } from '../tokens/signed-token.js'
import { publicJwkOf } from '../tokens/test-keys.js'
import { familyOf, type MalformedToken, type ValidToken, without, withRawMember } from '../tokens/valid-token.js'

const row = familyOf('header')

/** Headers that are no JOSE header, say things twice, or want to be obeyed (RFC 7515 §4, RFC 8725 §2). */
export function malformedHeader(valid: ValidToken): readonly MalformedToken[] {
  return [...documents(valid), ...duplicates(valid), ...extensions(valid), ...ownKeys(valid), ...kids(valid)]
}

function documents({ forge, header }: ValidToken): readonly MalformedToken[] {
  const text = JSON.stringify(header)
  const bytes = (...values: number[]): string => Buffer.from(values).toString('latin1')
  const kinds: Record<string, string> = {
    'an array': JSON.stringify([header]),
    null: 'null',
    'a string': JSON.stringify(text),
    'a number': '1',
    'not JSON': 'alg=ES256',
    'two objects': `${text}{}`,
    'in single quotes': text.replaceAll('"', "'"),
    'with a trailing comma': text.replace('}', ',}'),
    'with a comment': `${text}//`,
    'after a byte order mark': `\ufeff${text}`,
    'followed by a NUL': `${text}\0`,
    'nested 500 levels deep': withRawMember(header, 'x', '['.repeat(500) + ']'.repeat(500)),
    'with an unpaired surrogate': withRawMember(header, 'x', '"\\ud800"'),
  }
  const rows = Object.entries(kinds).map(([name, content]) => row(`a header ${name}`, ['malformed', 'header'], forge({ header: content })))
  const raw = {
    'in invalid UTF-8': Buffer.from(withRawMember(header, 'x', `"${bytes(0xff)}"`), 'latin1'),
    'in overlong UTF-8': Buffer.from(withRawMember(header, 'x', `"${bytes(0xc0, 0xaf)}"`), 'latin1'),
    'in UTF-16': Buffer.from(text, 'utf16le'),
  }
  return [
    ...rows,
    ...Object.entries(raw).map(([name, content]) => row(`a header ${name}`, ['malformed'], forge({ header: content }))),
    row('an empty object as header', ['header', 'malformed'], forge({ header: {} })),
  ]
}

function duplicates({ forge, header, key }: ValidToken): readonly MalformedToken[] {
  const text = JSON.stringify(header).slice(1)
  const twice: Record<string, string> = {
    'alg twice, none first': `{"alg":"none",${text}`,
    'alg twice, none last': `{${text.slice(0, -1)},"alg":"none"}`,
    'alg twice, the same': `{"alg":"${key.alg}",${text}`,
    'alg twice, once in escapes': `{"\\u0061lg":"none",${text}`,
    'kid twice': `{"kid":"other",${text}`,
    'typ twice': `{"typ":"JWT",${text.slice(0, -1)},"typ":"JWT"}`,
    'a nested member twice': `{"x":{"a":1,"a":2},${text}`,
  }
  return Object.entries(twice).map(([name, content]) => row(name, ['malformed', 'header'], forge({ header: content })))
}

function extensions({ forge, header, claims, segments, sign }: ValidToken): readonly MalformedToken[] {
  const critical: Record<string, unknown> = {
    'an unknown extension': ['http://example.test/unknown'],
    'a registered claim': ['exp'],
    b64: ['b64'],
    nothing: [],
    null: null,
    'a text': 'b64',
    'an object': {},
    'an extension twice': ['b64', 'b64'],
  }
  const rows = Object.entries(critical).map(([name, crit]) =>
    row(`crit that lists ${name}`, ['header'], forge({ header: { ...header, crit, 'http://example.test/unknown': true } })),
  )
  // RFC 7797: the payload stands in the signing input as it is.
  const unencodedHeader = encodeSegment({ ...header, b64: false, crit: ['b64'] })
  const quietHeader = encodeSegment({ ...header, b64: false })
  const unencoded = (segment: string): string => `${segment}.${segments[1]}.${encodeSegment(sign(`${segment}.${JSON.stringify(claims)}`))}`
  return [
    ...rows,
    row('b64 false with crit, signed over the bare payload', ['header'], unencoded(unencodedHeader)),
    row('b64 false without crit, signed over the bare payload', ['signature'], unencoded(quietHeader)),
    row(
      'a compressed payload, announced by zip',
      ['malformed'],
      forge({ header: { ...header, zip: 'DEF' }, payload: deflateRawSync(JSON.stringify(claims)) }),
    ),
  ]
}

/** Tokens that bring or point to the key that they were signed with: an attacker's. */
function ownKeys({ forge, header, key, stranger }: ValidToken): readonly MalformedToken[] {
  const byStranger = rawSigner(stranger, key.alg)
  const jwk = without(publicJwkOf(stranger), 'use', 'kid')
  const members: Record<string, Readonly<Record<string, unknown>>> = {
    jwk: { jwk },
    'jwk with the kid of the trusted key': { jwk: { ...jwk, kid: key.kid } },
    jku: { jku: 'https://attacker.example/jwks.json' },
    x5u: { x5u: 'https://attacker.example/cert.pem' },
    x5c: { x5c: ['MIIB'] },
    'x5t#S256': { 'x5t#S256': 'AAAA' },
  }
  return Object.entries(members).map(([name, more]) =>
    row(`the attacker's key in ${name}`, ['signature'], forge({ header: { ...header, ...more } }, byStranger)),
  )
}

function kids({ forge, header, key, stranger }: ValidToken): readonly MalformedToken[] {
  const byStranger = rawSigner(stranger, key.alg)
  const texts: Record<string, string> = {
    'a path': '../../../../dev/null',
    'a URL': 'https://attacker.example/jwks.json',
    'a piece of SQL': `x' UNION SELECT 'key' --`,
    'a shell command': '$(id)|id;id`id`',
    'a name of every object': '__proto__',
    'a member of every object': 'constructor',
    'CR LF and a header field': 'x\r\nx-injected: 1',
    'quotes and a challenge': 'x", error="none',
    'NUL at the end': `${key.kid}\0`,
    'a space at the end': `${key.kid} `,
    'other case': key.kid.toUpperCase(),
  }
  const rows = Object.entries(texts).map(([name, kid]) =>
    row(`kid: ${name}`, ['unknown_key', 'header'], forge({ header: { ...header, kid } }, byStranger)),
  )
  const kinds: Record<string, unknown> = {
    'a number': 1,
    null: null,
    'an array': [key.kid],
    'an object': { toString: key.kid },
    true: true,
  }
  for (const [name, kid] of Object.entries(kinds)) {
    rows.push(row(`kid: ${name}`, ['header', 'malformed'], forge({ header: { ...header, kid } })))
  }
  for (const [name, typ] of Object.entries({ 'a number': 1, null: null, 'an array': ['at+jwt'], 'an object': {} })) {
    rows.push(row(`typ: ${name}`, ['header', 'malformed', 'token_type'], forge({ header: { ...header, typ } })))
  }
  return rows
}
