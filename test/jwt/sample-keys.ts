import { generateKeyPairSync, type JsonWebKey, type KeyObject, randomBytes } from 'node:crypto'
import type { Algorithm } from '@countersign/core'

export interface KeyPair {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}

const pairs: Readonly<Record<string, KeyPair>> = {
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'P-384': generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  'P-521': generateKeyPairSync('ec', { namedCurve: 'P-521' }),
  ed25519: generateKeyPairSync('ed25519'),
}

const kindOf: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521', EdDSA: 'ed25519', Ed25519: 'ed25519' }

/** 64 bytes, enough for every HMAC algorithm. */
export const sampleSecret: Buffer = randomBytes(64)

export function pairFor(algorithm: Algorithm): KeyPair {
  const pair = pairs[kindOf[algorithm] ?? 'rsa']
  if (pair === undefined) throw new TypeError(algorithm)
  return pair
}

export function jwkFor(algorithm: Algorithm): JsonWebKey & { kid?: string } {
  return pairFor(algorithm).publicKey.export({ format: 'jwk' })
}
