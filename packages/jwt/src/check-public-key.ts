import type { KeyObject } from 'node:crypto'
import type { Algorithm } from '@countersign/core'
import { algorithms, fitsAlgorithm, isAlgorithm } from './algorithms.js'
import { decodeBase64url } from './base64url.js'
import { isEd25519Point } from './ed25519-point.js'
import type { KeyImport, KeyReason } from './key-reason.js'
import { isFactorable } from './rsa-modulus.js'
import { prepareKey } from './signature.js'
import { jwkThumbprint, publicJwk } from './thumbprint.js'

/**
 * Bits of an RSA modulus. The least is that of SP 800-131A and RFC 7518 §3.3. The most bounds what a stranger's signature costs:
 * a verification with 16,384 bits and a long exponent takes a hundred times as long as one with 4,096 bits and 65537.
 */
const [minModulusBits, maxModulusBits] = [2048, 4096]
/** A public exponent must be below: each further bit makes every verification slower. */
const maxExponent = 2n ** 32n

/** A name and an algorithm that the owner of a key states. */
export interface KeyLabels {
  readonly kid?: string | undefined
  /** The one algorithm that the key is for. */
  readonly algorithm?: string | undefined
}

/** Makes a verification key of a public `KeyObject`, or says why not. */
export function checkPublicKey(key: KeyObject, { kid, algorithm }: KeyLabels): KeyImport {
  const reason = faultOf(key)
  if (reason !== undefined) return { ok: false, reason }
  const usable = algorithms.filter((one) => fitsAlgorithm(key, one) && (algorithm === undefined || areSame(one, algorithm)))
  if (usable.length === 0) return { ok: false, reason: 'algorithm_mismatch' }
  const name = kid === undefined || kid === '' ? {} : { kid }
  return { ok: true, key: prepareKey({ ...name, algorithms: usable, key, thumbprint: jwkThumbprint(key) }) }
}

/** `EdDSA` with an Ed25519 key and `Ed25519` (RFC 9864) are two names of one algorithm. */
function areSame(one: Algorithm, other: string): boolean {
  return one === other || (isEdwards(one) && isAlgorithm(other) && isEdwards(other))
}

function isEdwards(algorithm: Algorithm): boolean {
  return algorithm === 'EdDSA' || algorithm === 'Ed25519'
}

function faultOf(key: KeyObject): KeyReason | undefined {
  if (key.type !== 'public') return key.type
  switch (key.asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss':
      return rsaFault(key)
    case 'ec':
      // OpenSSL makes no key of a point off its curve. It does of any 32 bytes for Edwards25519.
      return algorithms.some((one) => fitsAlgorithm(key, one)) ? undefined : 'unsupported'
    case 'ed25519':
      return isEd25519Point(decodeBase64url(publicJwk(key).x) ?? Buffer.alloc(0)) ? undefined : 'bad_point'
    default:
      return 'unsupported'
  }
}

function rsaFault(key: KeyObject): KeyReason | undefined {
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {}
  if (modulusLength > maxModulusBits || publicExponent >= maxExponent) return 'unsupported'
  if (modulusLength < minModulusBits || publicExponent < 3n || publicExponent % 2n === 0n) return 'weak_rsa'
  const modulus = decodeBase64url(publicJwk(key).n)
  if (modulus === undefined) return 'malformed'
  return isFactorable(modulus) ? 'weak_rsa' : undefined
}
