import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import type { Algorithm, VerificationKey } from '@countersign/core'
import { importJwk, importPublicKey, type Jws, verifySignature } from '@countersign/jwt'

type Family = 'rsa' | 'P-256' | 'P-384' | 'P-521' | 'Ed25519'

const families: Readonly<Partial<Record<Algorithm, Family>>> = {
  RS256: 'rsa',
  RS384: 'rsa',
  RS512: 'rsa',
  PS256: 'rsa',
  PS384: 'rsa',
  PS512: 'rsa',
  ES256: 'P-256',
  ES384: 'P-384',
  ES512: 'P-521',
  EdDSA: 'Ed25519',
  Ed25519: 'Ed25519',
}

/** Bytes of the RSA moduli that clients have. What a signature of another length costs says nothing: it is not verified for anybody. */
const modulusBytes: readonly number[] = [256, 384, 512]

/** Nobody has the private half: the modulus is random. Only its length matters for the time that a verification takes. */
function rsaKey(bytes: number): VerificationKey | undefined {
  const modulus = randomBytes(bytes)
  modulus[0] = 0xc0 | (modulus[0] ?? 0)
  modulus[bytes - 1] = 1 | (modulus[bytes - 1] ?? 0)
  const imported = importJwk({ kty: 'RSA', n: modulus.toString('base64url'), e: 'AQAB' })
  return imported.ok ? imported.key : undefined
}

function publicHalf(family: Exclude<Family, 'rsa'>): KeyObject {
  return family === 'Ed25519' ? generateKeyPairSync('ed25519').publicKey : generateKeyPairSync('ec', { namedCurve: family }).publicKey
}

function otherKey(family: Exclude<Family, 'rsa'>): VerificationKey | undefined {
  const imported = importPublicKey(publicHalf(family))
  return imported.ok ? imported.key : undefined
}

/** Whether a signature has the length that this key makes. */
function hasItsLength({ key }: VerificationKey, { signature }: Jws): boolean {
  const bits = key.asymmetricKeyDetails?.modulusLength
  return bits === undefined || Math.ceil(bits / 8) === signature.length
}

/** Verifies a signature under the key of a client; see {@link createEvenVerification}. */
export type EvenVerification = (jws: Jws, key: VerificationKey | undefined) => boolean

/**
 * A verification for a missing key that takes the same time, so that nobody learns from the time whether a client or its key exists.
 * The stand-in keys are made when they are needed for the first time.
 */
export function createEvenVerification(): EvenVerification {
  const keys = new Map<string, VerificationKey | undefined>()

  function standIn({ header, signature }: Jws): VerificationKey | undefined {
    const family = families[header.alg]
    if (family === undefined || (family === 'rsa' && !modulusBytes.includes(signature.length))) return undefined
    const name = family === 'rsa' ? `rsa-${signature.length}` : family
    if (!keys.has(name)) keys.set(name, family === 'rsa' ? rsaKey(signature.length) : otherKey(family))
    return keys.get(name)
  }

  return (jws, key) => {
    if (key !== undefined && hasItsLength(key, jws)) return verifySignature(jws, key)
    const other = standIn(jws)
    if (other) verifySignature(jws, other)
    return false
  }
}
