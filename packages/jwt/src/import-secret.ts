import { createPrivateKey, createPublicKey, createSecretKey, X509Certificate } from 'node:crypto'
import { type HmacAlgorithm, kind, type OptionKind } from '@countersign/core'
import { isHmac, primitiveOf } from './algorithms.js'
import type { KeyImport } from './key-reason.js'
import { prepareKey } from './signature.js'

/** What a secret is for. */
export interface ImportSecretOptions {
  readonly kid?: string
  readonly algorithms: readonly HmacAlgorithm[]
}

/**
 * Makes a verification key of an HMAC secret.
 *
 * @param secret - bytes, or text that counts as its UTF-8 bytes; at least as long as the longest hash (RFC 7518 §3.2)
 * @returns the key, or a reason: `weak_secret`, `algorithm_mismatch` (no algorithm, or one that is not HMAC),
 * `public_key_as_secret` (everybody who knows the public key could sign); nothing is thrown
 */
export function importSecret(secret: string | Uint8Array, options: ImportSecretOptions): KeyImport {
  const { kid, algorithms } = options
  if (algorithms.length === 0 || !algorithms.every(isHmac)) return { ok: false, reason: 'algorithm_mismatch' }
  const bytes = Buffer.from(secret)
  if (isKeyMaterial(bytes)) return { ok: false, reason: 'public_key_as_secret' }
  const longest = Math.max(...algorithms.map(hashBytes))
  if (bytes.length < longest) return { ok: false, reason: 'weak_secret', detail: lengthsOf(bytes.length, longest) }
  const name = kid === undefined || kid === '' ? {} : { kid }
  return { ok: true, key: prepareKey({ ...name, algorithms: [...algorithms], key: createSecretKey(bytes) }) }
}

/** The length tells nothing that the refusal does not; the secret is in no message. */
const lengthsOf = (got: number, needed: number): string =>
  `it must have ${needed} bytes or more, got ${got} ${got === 1 ? 'byte' : 'bytes'}`

/**
 * The kind of an option that holds a secret for HMAC.
 *
 * @param algorithms - all that it must be long enough for
 */
export function hmacSecretKind(algorithms: readonly HmacAlgorithm[]): OptionKind {
  const least = Math.max(...algorithms.map(hashBytes))
  return kind.satisfying(
    `a string or bytes, ${least} bytes or more for ${algorithms.join(' and ')}, and not an asymmetric key`,
    (secret) => (typeof secret === 'string' || secret instanceof Uint8Array) && importSecret(secret, { algorithms }).ok,
  )
}

/** Bytes of the hash of an HMAC algorithm, which are also the least that its secret may have. */
export function hashBytes(algorithm: HmacAlgorithm): number {
  const primitive = primitiveOf(algorithm)
  return primitive.family === 'hmac' ? primitive.bytes : 0
}

/** PEM, DER (also in base64), a JWK or JWKS, or an OpenSSH line of an asymmetric key. */
export function isKeyMaterial(bytes: Buffer): boolean {
  const text = bytes.toString('latin1').trim()
  if (text.includes('-----BEGIN ') || isSshKey(text)) return true
  if (text.startsWith('{')) return isAsymmetricJson(text)
  return isDer(bytes) || (text.startsWith('M') && isDer(Buffer.from(text, 'base64')))
}

/** A line of an authorized_keys file or of `ssh-keygen` (RFC 4253 §6.6). */
function isSshKey(text: string): boolean {
  return text.startsWith('ssh-rsa AAAA') || text.startsWith('ssh-ed25519 AAAA') || text.startsWith('ecdsa-sha2-')
}

function isAsymmetricJson(text: string): boolean {
  try {
    const { kty, keys } = JSON.parse(text) as { kty?: unknown; keys?: unknown }
    return Array.isArray(keys) || (typeof kty === 'string' && kty !== 'oct')
  } catch {
    return false
  }
}

function isDer(key: Buffer): boolean {
  // Every one of these structures is a SEQUENCE.
  if (key[0] !== 0x30) return false
  const readers = [
    () => createPublicKey({ key, format: 'der', type: 'spki' }),
    () => createPublicKey({ key, format: 'der', type: 'pkcs1' }),
    () => createPrivateKey({ key, format: 'der', type: 'pkcs8' }),
    () => createPrivateKey({ key, format: 'der', type: 'pkcs1' }),
    () => createPrivateKey({ key, format: 'der', type: 'sec1' }),
    () => new X509Certificate(key),
  ]
  return readers.some((read) => {
    try {
      read()
      return true
    } catch {
      return false
    }
  })
}
