import { createHash } from 'node:crypto'
import { hmacSigner, rawSigner, type SignInput } from '../tokens/signed-token.js'
import { publicJwkOf, renameKey, testKeys } from '../tokens/test-keys.js'

/** A member of a JWKS that must never verify a signature, and the signatures that it would verify. */
export interface DegenerateKey {
  readonly name: string
  readonly kid: string
  readonly alg: string
  readonly jwk: Readonly<Record<string, unknown>>
  readonly sign: SignInput
}

/** The DER prefix of a SHA-256 digest in PKCS #1 v1.5 (RFC 8017 §9.2). */
const sha256Prefix = '3031300d060960864801650304020105000420'

/** With the public exponent 1 the signature is the padded digest itself: anybody can make it. */
function exponentOne(input: string): Buffer {
  const digest = Buffer.concat([Buffer.from(sha256Prefix, 'hex'), createHash('sha256').update(input).digest()])
  return Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(256 - digest.length - 3, 0xff), Buffer.alloc(1), digest])
}

/** Under the neutral point as public key, R = the neutral point and S = 0 verify for every message. */
const neutralPoint = Buffer.from([1, ...Buffer.alloc(31)])

/** Keys that an issuer may publish by mistake, or an attacker who can publish one would choose. Each has a kid of its own. */
export function degenerateKeys(): readonly DegenerateKey[] {
  const { es256Third, rs256Other, weakRsa, eddsa } = testKeys
  const asymmetric = (kid: string, changes: Readonly<Record<string, unknown>>, name: string): DegenerateKey => {
    const key = renameKey(es256Third, { kid })
    return { name, kid, alg: key.alg, jwk: publicJwkOf(key, changes), sign: rawSigner(key, key.alg) }
  }
  const rsa = renameKey(rs256Other, { kid: 'exponent-one' })
  const weak = renameKey(weakRsa, { kid: 'weak' })
  const small = renameKey(eddsa, { kid: 'small-order' })
  return [
    {
      name: 'an RSA key with the exponent 1',
      kid: rsa.kid,
      alg: 'RS256',
      jwk: publicJwkOf(rsa, { e: 'AQ' }),
      sign: exponentOne,
    },
    { name: 'an RSA key of 1024 bits', kid: weak.kid, alg: 'RS256', jwk: publicJwkOf(weak), sign: rawSigner(weak, 'RS256') },
    {
      name: 'an Ed25519 key of small order',
      kid: small.kid,
      alg: 'EdDSA',
      jwk: publicJwkOf(small, { x: neutralPoint.toString('base64url') }),
      sign: () => Buffer.concat([neutralPoint, Buffer.alloc(32)]),
    },
    asymmetric('for-encryption', { use: 'enc' }, 'a key for encryption'),
    asymmetric('for-wrapping', { use: undefined, key_ops: ['wrapKey'] }, 'a key whose operations do not include verify'),
    asymmetric('for-another-algorithm', { alg: 'ES384' }, 'a key that states an algorithm of another curve'),
    asymmetric('private', { d: es256Third.jwk.d }, 'a private key'),
    asymmetric('off-the-curve', { y: es256Third.jwk.x }, 'a point off the curve'),
    {
      name: 'a secret',
      kid: 'secret',
      alg: 'HS256',
      jwk: { kty: 'oct', kid: 'secret', alg: 'HS256', k: Buffer.alloc(32, 7).toString('base64url') },
      sign: hmacSigner(Buffer.alloc(32, 7)),
    },
  ]
}
