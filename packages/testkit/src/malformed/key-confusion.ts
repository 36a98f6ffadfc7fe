import { createHmac } from 'node:crypto'
import { publicJwkOf, publicKeyOf } from '../tokens/test-keys.js'
import { familyOf, type MalformedToken, type ValidToken, without } from '../tokens/valid-token.js'

const row = familyOf('key confusion')

/** HMAC with something that everybody has as the secret: the public key in all its forms, or nothing (RFC 8725 §2.1). */
export function keyConfusion({ forge, header, key }: ValidToken): readonly MalformedToken[] {
  const publicKey = publicKeyOf(key)
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const jwk = publicJwkOf(key)
  const bare = without(jwk, 'kid', 'alg', 'use')
  const secrets: Record<string, string | Uint8Array> = {
    'the public key as PEM': pem,
    'the public key as PEM without the last line feed': pem.trimEnd(),
    'the public key as PEM with CRLF': pem.replaceAll('\n', '\r\n'),
    'the public key as PEM with CRLF, without the last': pem.trimEnd().replaceAll('\n', '\r\n'),
    'the public key as PEM in one line': pem.replaceAll('\n', ''),
    'the public key as DER': publicKey.export({ type: 'spki', format: 'der' }),
    'the published JWK': JSON.stringify(jwk),
    'the JWK without kid, alg and use': JSON.stringify(bare),
    'the JWK set': JSON.stringify({ keys: [jwk] }),
    'a member of the JWK': String(jwk.n ?? jwk.x),
    'the bytes of a member of the JWK': Buffer.from(String(jwk.n ?? jwk.x), 'base64url'),
    'the kid': key.kid,
    // HMAC pads a short secret with zeros: this is every secret of zero bytes as well.
    nothing: '',
    'the text undefined': 'undefined',
    'the text null': 'null',
  }
  if (key.jwk.kty === 'RSA') {
    secrets['the public key as PKCS #1 PEM'] = publicKey.export({ type: 'pkcs1', format: 'pem' })
    secrets['the public key as PKCS #1 DER'] = publicKey.export({ type: 'pkcs1', format: 'der' })
  }
  return Object.entries(secrets).flatMap(([name, secret]) => {
    const algorithms = name === 'the public key as PEM' || name === 'nothing' ? ['HS256', 'HS384', 'HS512'] : ['HS256']
    return algorithms.map((alg) => {
      const sign = (input: string): Uint8Array =>
        createHmac(`sha${alg.slice(2)}`, secret)
          .update(input)
          .digest()
      return row(
        `${alg} with ${name} as the secret`,
        ['algorithm', 'unknown_key', 'signature'],
        forge({ header: { ...header, alg } }, sign),
      )
    })
  })
}
