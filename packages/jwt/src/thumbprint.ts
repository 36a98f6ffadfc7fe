import { createHash, createPublicKey, type JsonWebKey, KeyObject } from 'node:crypto'
import { shownValue } from '@countersign/core'
import { rsaPublicKeyOf } from './rsa-pss.js'

/** The members that a thumbprint is made of, in their order (RFC 7638 §3.2, RFC 8037 §2). */
const requiredMembers: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['EC', ['crv', 'kty', 'x', 'y']],
  ['OKP', ['crv', 'kty', 'x']],
  ['RSA', ['e', 'kty', 'n']],
])

/**
 * The RFC 7638 thumbprint of a public key with SHA-256.
 *
 * @param key - a JWK, or a public or private `KeyObject`; a private key has the thumbprint of its public half
 * @returns 43 characters of base64url
 * @throws TypeError for anything that is not an EC, OKP or RSA key. There is none for secrets: it would help to guess them
 */
export function jwkThumbprint(key: JsonWebKey | KeyObject): string {
  const jwk = key instanceof KeyObject ? publicJwk(key) : key
  const names = requiredMembers.get(jwk.kty)
  if (names === undefined) throw new TypeError(`jwkThumbprint: kty must be EC, OKP or RSA, got ${shownValue(jwk.kty)}`)
  const members = names.map((name) => {
    const value = jwk[name]
    if (typeof value !== 'string' || value === '') throw new TypeError(`jwkThumbprint: the member ${name} of the JWK is missing`)
    return [name, value]
  })
  return createHash('sha256')
    .update(JSON.stringify(Object.fromEntries(members)))
    .digest('base64url')
}

/**
 * The public half of a key as a JWK.
 *
 * @throws TypeError for a secret
 */
export function publicJwk(key: KeyObject): JsonWebKey {
  if (key.type === 'secret') throw new TypeError('publicJwk: key must be public or private, got a secret')
  const half = key.type === 'private' ? createPublicKey(key) : key
  return (half.asymmetricKeyType === 'rsa-pss' ? rsaPublicKeyOf(half) : half).export({ format: 'jwk' })
}
