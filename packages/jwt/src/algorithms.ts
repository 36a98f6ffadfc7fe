import type { KeyObject } from 'node:crypto'
import type { Algorithm, HmacAlgorithm } from '@countersign/core'

/** How the signatures of one algorithm are made. `bytes` is the length of a raw signature, where it does not depend on the key. */
export type Primitive =
  | { readonly family: 'rsa' | 'pss'; readonly hash: string; readonly hashBytes: number }
  | { readonly family: 'ecdsa'; readonly hash: string; readonly curve: string; readonly bytes: number }
  | { readonly family: 'eddsa'; readonly hash: null; readonly bytes: number }
  | { readonly family: 'hmac'; readonly hash: string; readonly bytes: number }

const table: Readonly<Record<Algorithm, Primitive>> = {
  RS256: { family: 'rsa', hash: 'sha256', hashBytes: 32 },
  RS384: { family: 'rsa', hash: 'sha384', hashBytes: 48 },
  RS512: { family: 'rsa', hash: 'sha512', hashBytes: 64 },
  PS256: { family: 'pss', hash: 'sha256', hashBytes: 32 },
  PS384: { family: 'pss', hash: 'sha384', hashBytes: 48 },
  PS512: { family: 'pss', hash: 'sha512', hashBytes: 64 },
  ES256: { family: 'ecdsa', hash: 'sha256', curve: 'prime256v1', bytes: 64 },
  ES384: { family: 'ecdsa', hash: 'sha384', curve: 'secp384r1', bytes: 96 },
  ES512: { family: 'ecdsa', hash: 'sha512', curve: 'secp521r1', bytes: 132 },
  EdDSA: { family: 'eddsa', hash: null, bytes: 64 },
  Ed25519: { family: 'eddsa', hash: null, bytes: 64 },
  HS256: { family: 'hmac', hash: 'sha256', bytes: 32 },
  HS384: { family: 'hmac', hash: 'sha384', bytes: 48 },
  HS512: { family: 'hmac', hash: 'sha512', bytes: 64 },
}

const byName: ReadonlyMap<string, Primitive> = new Map(Object.entries(table))

/** Every algorithm that is understood. */
export const algorithms: readonly Algorithm[] = Object.freeze(Object.keys(table) as Algorithm[])

/** True for the name of an algorithm that is understood; `none` is not one. */
export function isAlgorithm(name: unknown): name is Algorithm {
  return byName.has(name as string)
}

/** True for HS256, HS384 and HS512 (RFC 7518 §3.2). */
export function isHmac(algorithm: unknown): algorithm is HmacAlgorithm {
  return byName.get(algorithm as string)?.family === 'hmac'
}

/** The primitive of an algorithm. */
export function primitiveOf(algorithm: Algorithm): Primitive {
  return table[algorithm]
}

/**
 * Whether a key can be used with an algorithm, judged by its type, curve and, for RSA-PSS keys, their parameters.
 *
 * @param key - public, private or secret
 * @param algorithm - one of {@link algorithms}
 */
export function fitsAlgorithm(key: KeyObject, algorithm: Algorithm): boolean {
  const primitive = table[algorithm]
  switch (primitive.family) {
    case 'hmac':
      return key.type === 'secret'
    case 'eddsa':
      return key.asymmetricKeyType === 'ed25519'
    case 'ecdsa':
      return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === primitive.curve
    case 'rsa':
      return key.asymmetricKeyType === 'rsa'
    case 'pss':
      return key.asymmetricKeyType === 'rsa' || (key.asymmetricKeyType === 'rsa-pss' && admitsHash(key, primitive))
  }
}

/** An RSA-PSS key may bind the hash, the hash of its mask and a minimum length of the salt (RFC 4055 §3.1). */
function admitsHash(key: KeyObject, { hash, hashBytes }: { hash: string; hashBytes: number }): boolean {
  const { hashAlgorithm, mgf1HashAlgorithm, saltLength } = key.asymmetricKeyDetails ?? {}
  return (
    (hashAlgorithm === undefined || hashAlgorithm === hash) &&
    (mgf1HashAlgorithm === undefined || mgf1HashAlgorithm === hash) &&
    (saltLength === undefined || saltLength <= hashBytes)
  )
}
