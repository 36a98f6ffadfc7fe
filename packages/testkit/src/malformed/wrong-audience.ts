import { familyOf, type MalformedToken, type ValidToken, without } from '../tokens/valid-token.js'

const row = familyOf('audience and issuer')

/** `iss` and `aud` that resemble the right ones (RFC 7519 §4.1.1, §4.1.3: compared exactly). All are signed with the trusted key. */
export function wrongAudience({ forge, claims }: ValidToken): readonly MalformedToken[] {
  const withClaim = (name: string, value: unknown): string => forge({ payload: { ...claims, [name]: value } })
  const issuer = String(claims.iss)
  const rows = [
    row('iss: missing', ['claims'], forge({ payload: without(claims, 'iss') })),
    ...Object.entries(notText(issuer)).map(([name, value]) => row(`iss: ${name}`, ['claims'], withClaim('iss', value))),
    ...Object.entries(likeIt(issuer)).map(([name, value]) => row(`iss: ${name}`, ['unknown_issuer', 'claims'], withClaim('iss', value))),
  ]
  if (claims.aud === undefined) return rows
  const audience = [claims.aud as string | readonly string[]].flat()[0] ?? ''
  return [
    ...rows,
    row('aud: missing', ['audience', 'claims'], forge({ payload: without(claims, 'aud') })),
    ...Object.entries(likeIt(audience)).flatMap(([name, value]) => [
      row(`aud: ${name}`, ['audience'], withClaim('aud', value)),
      row(`aud: ${name}, in a list`, ['audience'], withClaim('aud', [value, 'https://other.example'])),
    ]),
    ...Object.entries(notAudience(audience)).map(([name, value]) => row(`aud: ${name}`, ['claims', 'audience'], withClaim('aud', value))),
    row('aud: several in one text', ['audience'], withClaim('aud', `${audience} https://other.example`)),
    row('aud: several with commas', ['audience'], withClaim('aud', `https://other.example,${audience}`)),
    row('aud: the pattern of everything', ['audience'], withClaim('aud', '*')),
  ]
}

function notText(right: string): Readonly<Record<string, unknown>> {
  return { 'an array with the right one': [right], null: null, 'a number': 1, 'an object': { iss: right, toString: right }, true: true }
}

function notAudience(right: string): Readonly<Record<string, unknown>> {
  return {
    null: null,
    'a number': 1,
    'an object with the right one': { 0: right, length: 1 },
    'an empty list': [],
    'a list in a list': [[right]],
    'a list with a number': [right, 1],
    'a list with null': [null, right],
    true: true,
  }
}

function likeIt(right: string): Readonly<Record<string, string>> {
  return {
    empty: '',
    'a stranger': 'https://attacker.example',
    'the right one without its scheme': right.replace(/^https?:\/\//, ''),
    'the right one under another scheme': right.replace(/^http(s?):/, (_, s: string) => (s ? 'http:' : 'https:')),
    'the right one with a slash after it': `${right}/`,
    'the right one with more after it': `${right}.attacker.example`,
    'the right one with more before it': `https://attacker.example/${right}`,
    'the right one cut short': right.slice(0, -1),
    'the right one in upper case': right.toUpperCase(),
    'the right one with a space after it': `${right} `,
    'the right one with a NUL after it': `${right}\0`,
    'the right one with a query': `${right}?`,
    'the right one with user information': right.replace('://', '://attacker@'),
    'quotes and a challenge': `${right}", error="none`,
    'CR LF and a header field': `${right}\r\nx-injected: 1`,
  }
}
