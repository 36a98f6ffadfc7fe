import { constants, createHmac, createVerify, type KeyObject, verify } from 'node:crypto'
import { type Algorithm, isSameSecret, type VerificationKey } from '@countersign/core'
import { fitsAlgorithm, type Primitive, primitiveOf } from './algorithms.js'
import { derSignature } from './ecdsa-signature.js'
import type { Jws } from './parse-jwt.js'

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
  return { bytes: signatureBytes(key, primitive), isGood: createVerification(key, primitive) }
}

function signatureBytes(key: KeyObject, primitive: Primitive): number {
  return 'bytes' in primitive ? primitive.bytes : Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8)
}

/** The fastest of the ways that node:crypto has. On some versions a key wrapped in options makes it half as slow again. */
function createVerification(key: KeyObject, primitive: Primitive): Check['isGood'] {
  switch (primitive.family) {
    case 'hmac':
      return (data, signature) => {
        const mac = createHmac(primitive.hash, key).update(data).digest('binary')
        return isSameSecret(Buffer.from(mac, 'latin1'), signature)
      }
    case 'eddsa':
      return (data, signature) => verify(null, data, key, signature)
    case 'ecdsa':
      return (data, signature) => createVerify(primitive.hash).update(data).verify(key, derSignature(signature))
    case 'rsa':
      return (data, signature) => createVerify(primitive.hash).update(data).verify(key, signature)
    case 'pss': {
      const options = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: primitive.hashBytes }
      return (data, signature) => createVerify(primitive.hash).update(data).verify(options, signature)
    }
  }
}
