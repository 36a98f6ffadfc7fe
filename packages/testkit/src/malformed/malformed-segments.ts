import { encodeSegment } from '../tokens/signed-token.js'
import { familyOf, type MalformedToken, paddedJson, type ValidToken, withUnusedBits } from '../tokens/valid-token.js'

const row = familyOf('segments')

/** Not three segments of strict base64url (RFC 7515 §3.1, RFC 4648 §3.5 and §5), or too many bytes of it. */
export function malformedSegments(valid: ValidToken): readonly MalformedToken[] {
  return [...counts(valid), ...alphabets(valid), ...whitespace(valid), ...tails(valid), ...sizes(valid)]
}

function counts({ token, segments: [header, payload, signature] }: ValidToken): readonly MalformedToken[] {
  return [
    row('one segment', ['malformed'], header),
    row('two segments', ['malformed'], `${header}.${payload}`),
    row('four segments', ['malformed'], `${token}.${signature}`),
    row('five segments, as a JWE has', ['malformed'], `${header}.${payload}.${payload}.${payload}.${signature}`),
    row('a dot before it', ['malformed'], `.${token}`),
    row('a dot after it', ['malformed'], `${token}.`),
    row('dots alone', ['malformed'], '..'),
    row('an empty header', ['malformed'], `.${payload}.${signature}`),
    row('an empty payload', ['malformed'], `${header}..${signature}`),
    row('an empty signature', ['malformed'], `${header}.${payload}.`),
    row('the JSON serialization', ['malformed'], JSON.stringify({ protected: header, payload, signature })),
  ]
}

function alphabets({ forge, claims, header, sign, segments }: ValidToken): readonly MalformedToken[] {
  // Seven equal bytes: wherever they begin, one group of three of them encodes to `Pz8/`, another to `Pj4+`.
  const rich = { ...claims, '???????': '>>>>>>>' }
  const asBase64 = (content: object): string => Buffer.from(JSON.stringify(content)).toString('base64').replaceAll('=', '')
  const signed = (input: string): string => `${input}.${encodeSegment(sign(input))}`
  const [headerSegment, payloadSegment, signatureSegment] = forge({ payload: rich }).split('.') as [string, string, string]
  const rows = [
    row('a payload in the alphabet with + and /', ['malformed'], signed(`${headerSegment}.${asBase64(rich)}`)),
    row(
      'a header in the alphabet with + and /',
      ['malformed'],
      signed(`${asBase64({ ...header, '???????': '>>>>>>>' })}.${payloadSegment}`),
    ),
    row('padding after the header', ['malformed'], signed(`${headerSegment}=.${payloadSegment}`)),
    row('padding after the payload', ['malformed'], signed(`${headerSegment}.${payloadSegment}==`)),
    row('padding after the signature', ['malformed'], `${headerSegment}.${payloadSegment}.${signatureSegment}==`),
    row('a percent escape', ['malformed'], `${segments.join('%2E')}`),
  ]
  for (const junk of ['!', '*', '~', '"', ':', '@', '\\']) {
    rows.push(row(`the character ${junk} in the payload`, ['malformed'], signed(`${headerSegment}.${payloadSegment}${junk}`)))
    rows.push(row(`the character ${junk} in the signature`, ['malformed'], `${headerSegment}.${payloadSegment}.${signatureSegment}${junk}`))
  }
  for (const [name, shift] of [
    ['a character of two bytes that truncates to the right one', 0x100],
    ['a full-width letter', 0xff00 - 0x20],
  ] as const) {
    const replaced = (segment: string): string => String.fromCharCode(segment.charCodeAt(4) + shift)
    segments.forEach((segment, index) => {
      const changed = [...segments]
      changed[index] = segment.slice(0, 4) + replaced(segment) + segment.slice(5)
      rows.push(row(`${name}, in segment ${index + 1}`, ['malformed'], changed.join('.')))
    })
  }
  return [...rows, row('a byte order mark before it', ['malformed'], `\ufeff${segments.join('.')}`)]
}

function whitespace({ token, segments: [header, payload, signature] }: ValidToken): readonly MalformedToken[] {
  const rows = [
    row('a tab in the payload', ['malformed'], `${header}.${payload.slice(0, 4)}\t${payload.slice(4)}.${signature}`),
    row('a no-break space after it', ['malformed'], `${token}\u00a0`),
  ]
  for (const [name, text] of Object.entries({ 'a space': ' ', 'a line feed': '\n', 'a CRLF': '\r\n', 'a NUL': '\0' })) {
    rows.push(row(`${name} after it`, ['malformed'], token + text, false))
    rows.push(row(`${name} before it`, ['malformed'], text + token, false))
    rows.push(
      row(`${name} in the signature`, ['malformed'], `${header}.${payload}.${signature.slice(0, 4)}${text}${signature.slice(4)}`, false),
    )
  }
  return rows
}

function tails({ header, claims, sign, segments }: ValidToken): readonly MalformedToken[] {
  const signed = (input: string): string => `${input}.${encodeSegment(sign(input))}`
  const headerSegment = encodeSegment(paddedJson(header))
  const payloadSegment = encodeSegment(paddedJson(claims))
  const rows = [
    row('unused bits set in the header', ['malformed'], signed(`${withUnusedBits(headerSegment)}.${payloadSegment}`)),
    row('unused bits set in the payload', ['malformed'], signed(`${headerSegment}.${withUnusedBits(payloadSegment)}`)),
    row('a payload of an impossible length', ['malformed'], signed(`${segments[0]}.${impossible(segments[1])}`)),
    row('a signature of an impossible length', ['malformed'], `${segments[0]}.${segments[1]}.${impossible(segments[2])}`),
  ]
  const [validHeader, validPayload, signature] = segments
  if (signature.length % 4 !== 0) {
    rows.push(row('unused bits set in the signature', ['malformed'], `${validHeader}.${validPayload}.${withUnusedBits(signature)}`))
  }
  return rows
}

/** No base64 has one character more than a multiple of four. */
function impossible(segment: string): string {
  return segment.padEnd(segment.length + 1 + ((4 - (segment.length % 4)) % 4), 'A')
}

function sizes({ forge, claims, header }: ValidToken): readonly MalformedToken[] {
  return [
    row('9 KiB, signed as it should be', ['too_large'], forge({ payload: { ...claims, padding: 'x'.repeat(7000) } })),
    row('9 KiB, most of it header', ['too_large'], forge({ header: { ...header, padding: 'x'.repeat(7000) } })),
    row('9 KiB of dots', ['too_large', 'malformed'], '.'.repeat(9000)),
    row('1 MiB', ['too_large'], 'A'.repeat(1024 * 1024), false),
  ]
}
