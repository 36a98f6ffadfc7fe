import type { Algorithm } from '@countersign/core'
import { isAlgorithm, primitiveOf } from './algorithms.js'

/** Names of curves in a JWK (RFC 7518 §6.2.1.1). */
const curves: ReadonlyMap<unknown, string> = new Map([
  ['P-256', 'prime256v1'],
  ['P-384', 'secp384r1'],
  ['P-521', 'secp521r1'],
])

/** What a JWK says of itself. */
type Labels = Readonly<Partial<Record<'kty' | 'crv' | 'alg' | 'use', unknown>>>

function hasTypeFor(algorithm: Algorithm, { kty, crv }: Labels): boolean {
  const primitive = primitiveOf(algorithm)
  switch (primitive.family) {
    case 'hmac':
      return kty === 'oct'
    case 'eddsa':
      return kty === 'OKP' && crv === 'Ed25519'
    case 'ecdsa':
      return kty === 'EC' && curves.get(crv) === primitive.curve
    case 'rsa':
    case 'pss':
      return kty === 'RSA'
  }
}

/** `EdDSA` with an Ed25519 key and `Ed25519` (RFC 9864) are two names of one algorithm. */
function isNamed(algorithm: Algorithm, alg: unknown): boolean {
  return alg === algorithm || (isAlgorithm(alg) && [alg, algorithm].every((one) => primitiveOf(one).family === 'eddsa'))
}

/**
 * Whether a JWK is meant for one of these algorithms, by its `kty`, `crv`, `alg` and `use`, however weak or broken its material is. A private
 * key is meant for the algorithms of its public half.
 *
 * @param jwk - as parsed
 */
export function jwkFitsAlgorithms(jwk: unknown, algorithms: Iterable<Algorithm>): boolean {
  if (typeof jwk !== 'object' || jwk === null) return false
  const labels = jwk as Labels
  if (labels.use !== undefined && labels.use !== 'sig') return false
  return [...algorithms].some((algorithm) => hasTypeFor(algorithm, labels) && (labels.alg === undefined || isNamed(algorithm, labels.alg)))
}
