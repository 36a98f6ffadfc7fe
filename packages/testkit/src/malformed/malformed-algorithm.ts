import { hmacSigner, rawSigner } from '../tokens/signed-token.js'
import { familyOf, type MalformedToken, type ValidToken, without } from '../tokens/valid-token.js'

const row = familyOf('algorithm')

/** `alg` that is none, nothing, unknown, or not the key's (RFC 8725 §3.1 and §3.2). */
export function malformedAlgorithm(valid: ValidToken): readonly MalformedToken[] {
  const { forge, header, key, segments, stranger } = valid
  const withAlg = (alg: unknown): string => forge({ header: { ...header, alg } })
  const rows: MalformedToken[] = []
  for (const none of ['none', 'None', 'NONE', 'nOnE', 'none ', 'ｎone']) {
    const unsigned = withAlg(none).split('.').slice(0, 2).join('.')
    rows.push(row(`alg ${none}, no signature`, ['malformed', 'algorithm'], `${unsigned}.`))
    rows.push(row(`alg ${none}, no third segment`, ['malformed'], unsigned))
    rows.push(row(`alg ${none}, another token's signature`, ['algorithm'], `${unsigned}.${segments[2]}`))
    rows.push(row(`alg ${none}, signed with the trusted key`, ['algorithm'], withAlg(none)))
  }
  const kinds: Record<string, unknown> = {
    'a number': 256,
    null: null,
    'an array': [key.alg],
    'an object': { toString: key.alg },
    true: true,
  }
  for (const [name, alg] of Object.entries(kinds)) rows.push(row(`alg: ${name}`, ['header', 'malformed'], withAlg(alg)))
  const texts: Record<string, string> = {
    'an empty text': '',
    'in lower case': key.alg.toLowerCase(),
    'with a space after it': `${key.alg} `,
    unknown: 'XX256',
    'a name of every object': '__proto__',
    'a member of every object': 'constructor',
    'of an encryption': 'RSA-OAEP',
    secp256k1: 'ES256K',
    'SHA-1': 'RS1',
    'CR LF and a header field': `${key.alg}\r\nx-injected: 1`,
    'quotes and a challenge': `${key.alg}", error="none`,
  }
  for (const [name, alg] of Object.entries(texts)) rows.push(row(`alg: ${name}`, ['algorithm', 'header'], withAlg(alg)))
  return [
    ...rows,
    row('no alg', ['header', 'malformed'], forge({ header: without(header, 'alg') })),
    row(
      'no alg, but one in the claims',
      ['header', 'malformed'],
      forge({ header: without(header, 'alg'), payload: { ...valid.claims, alg: key.alg } }),
    ),
    ...others(key.alg).map(([alg, how]) =>
      row(
        `alg ${alg} with the trusted ${key.alg} key`,
        ['algorithm', 'unknown_key', 'signature'],
        forge({ header: { ...header, alg } }, how(valid)),
      ),
    ),
    row('HS256 with a secret that anybody guesses', ['algorithm'], forge({ header: { ...header, alg: 'HS256' } }, hmacSigner('secret'))),
    row(
      'signed by a stranger without kid',
      ['signature', 'unknown_key'],
      forge({ header: without(header, 'kid') }, rawSigner(stranger, key.alg)),
    ),
  ]
}

/** Algorithms that the key does not state, each with a signature that the key makes under them. */
function others(alg: string): readonly (readonly [alg: string, how: (valid: ValidToken) => (input: string) => Uint8Array])[] {
  const families: Record<string, readonly string[]> = {
    RS: ['RS384', 'RS512', 'PS256', 'ES256', 'EdDSA'],
    PS: ['PS384', 'PS512', 'RS256', 'ES256', 'EdDSA'],
    ES: ['ES384', 'ES512', 'ES256', 'RS256', 'EdDSA', 'ES256K'],
    Ed: ['ES256', 'RS256', 'Ed448', 'EdDSA2'],
  }
  const hash = (wanted: string): string => (/^[REP]S(256|384|512)$/.test(wanted) ? wanted : 'RS256')
  return (families[alg.slice(0, 2)] ?? [])
    .filter((other) => other !== alg)
    .map((other) => [other, ({ key }: ValidToken) => rawSigner(key, hash(other))] as const)
}
