import { constants, createHmac, type KeyObject, timingSafeEqual, verify } from 'node:crypto'
import type { Algorithm, VerificationKey } from '@countersign/core'
import { fitsAlgorithm, primitiveOf } from './algorithms.js'
import type { Jws } from './jws.js'

/** Checks one signature whose length is right. */
interface Check {
  readonly bytes: number
  readonly isGood: (data: Buffer, signature: Buffer) => boolean
}

const checks: unique symbol = Symbol('checks')

/** A key with everything that node:crypto needs for each of its algorithms. */
export interface PreparedKey extends VerificationKey {
  readonly [checks]: ReadonlyMap<Algorithm, Check>
}

/** Prepares a key for `verifySignature`. Algorithms that do not fit it are left out. */
export function prepareKey(parts: VerificationKey): PreparedKey {
  const usable = parts.algorithms.filter((algorithm) => fitsAlgorithm(parts.key, algorithm))
  const prepared = new Map(usable.map((algorithm) => [algorithm, createCheck(parts.key, algorithm)]))
  const key = { ...parts, algorithms: Object.freeze(usable) }
  // Not enumerable: a copy of the key with fewer algorithms must not inherit the checks of all.
  return Object.freeze(Object.defineProperty(key, checks, { value: prepared })) as PreparedKey
}

/**
 * Verifies a signature, synchronously.
 *
 * @param jws - as parsed; its header names the algorithm
 * @param key - one that this package imported, or any with the same fields (slower: nothing is prepared)
 * @returns false unless the algorithm is one of the key's and fits it, the length is exact and the signature good
 */
export function verifySignature(jws: Jws, key: VerificationKey): boolean {
  const check = (key as PreparedKey)[checks]?.get(jws.header.alg) ?? checkOf(key, jws.header.alg)
  return check !== undefined && jws.signature.length === check.bytes && check.isGood(jws.signingInput, jws.signature)
}

function checkOf(key: VerificationKey, algorithm: Algorithm): Check | undefined {
  if (!key.algorithms.includes(algorithm) || !fitsAlgorithm(key.key, algorithm)) return undefined
  return createCheck(key.key, algorithm)
}

function createCheck(key: KeyObject, algorithm: Algorithm): Check {
  const primitive = primitiveOf(algorithm)
  const { hash } = primitive
  if (primitive.family === 'hmac') {
    return {
      bytes: primitive.bytes,
      isGood: (data, signature) => timingSafeEqual(createHmac(primitive.hash, key).update(data).digest(), signature),
    }
  }
  const options = signatureOptions(key, algorithm)
  const bytes = 'bytes' in primitive ? primitive.bytes : Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8)
  return { bytes, isGood: (data, signature) => verify(hash, data, options, signature) }
}

/** What node:crypto is told beside the hash: padding (RFC 7518 §3.3, §3.5) or the form of an ECDSA signature (§3.4). */
export function signatureOptions(key: KeyObject, algorithm: Algorithm): SignatureOptions {
  const primitive = primitiveOf(algorithm)
  switch (primitive.family) {
    case 'rsa':
      return { key, padding: constants.RSA_PKCS1_PADDING }
    case 'pss':
      return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: primitive.hashBytes }
    case 'ecdsa':
      return { key, dsaEncoding: 'ieee-p1363' }
    default:
      return { key }
  }
}

/** The key as node:crypto's one-shot functions take it. */
export interface SignatureOptions {
  readonly key: KeyObject
  readonly padding?: number
  readonly saltLength?: number
  readonly dsaEncoding?: 'ieee-p1363'
}
