import { createSecretKey, type KeyObject } from 'node:crypto'
import type { Signer } from '@countersign/core'
import { createSigner, signJwt } from '@countersign/jwt'
import { privateKeyOf, publicJwkOf, publicKeyOf, type TestKey, testKeys } from '@countersign/testkit'

/** What every token of the benches says of its issuer and its audience. */
export const issuer = 'https://issuer.example/tenants/main'
export const audience = 'https://api.example/records'

/** Algorithms that are measured. */
export type BenchAlgorithm = 'RS256' | 'ES256' | 'EdDSA' | 'HS512'
export const benchAlgorithms: readonly BenchAlgorithm[] = ['RS256', 'ES256', 'EdDSA', 'HS512']

/** What verifies the tokens of one algorithm, in the forms that the subjects take. */
export interface BenchKey {
  readonly alg: BenchAlgorithm
  readonly kid: string
  /** Public key, or the secret. */
  readonly verifying: KeyObject
  /** Absent for a secret. */
  readonly jwk: Readonly<Record<string, unknown>> | undefined
  readonly signer: Signer
}

/** The secret of HS512, 64 bytes. */
export const secretBytes: Buffer = Buffer.from('a secret of the benches, known to everybody, 64 bytes in length.'.padEnd(64, '.'))

/** A key pair of the testkit as a key of the benches. */
export function pairKey(alg: 'RS256' | 'ES256' | 'EdDSA', key: TestKey): BenchKey {
  const signer = createSigner({ key: privateKeyOf(key), algorithm: alg, kid: key.kid })
  return { alg, kid: key.kid, verifying: publicKeyOf(key), jwk: publicJwkOf(key), signer }
}

/** The key for an algorithm. RSA has 2048 bits. */
export function benchKey(alg: BenchAlgorithm): BenchKey {
  switch (alg) {
    case 'RS256':
      return pairKey(alg, testKeys.rs256)
    case 'ES256':
      return pairKey(alg, testKeys.es256)
    case 'EdDSA':
      return pairKey(alg, testKeys.eddsa)
    case 'HS512': {
      const signer = createSigner({ key: secretBytes, algorithm: alg, kid: 'bench-hs512' })
      return { alg, kid: signer.kid, verifying: createSecretKey(secretBytes), jwk: undefined, signer }
    }
  }
}

/** Claims as access tokens have them, about 335 bytes; the number stands in subject and `jti`. */
export function claimsOf(serial: number): object {
  const iat = Math.floor(Date.now() / 1000)
  const hex = serial.toString(16).padStart(12, '0')
  return {
    iss: issuer,
    sub: `6f9c1f0a-2d1e-4c5b-9a57-${hex}`,
    aud: audience,
    client_id: '2v8k3m5q7s9d1f4g6h8j0k2l4',
    scope: 'records:read records:write jobs:read',
    token_use: 'access',
    auth_time: iat - 60,
    iat,
    exp: iat + 86_400,
    jti: `0b8a52c4-77d3-4b1c-8f0e-${hex}`,
  }
}

/** So many tokens that differ in subject and `jti`, with a payload of about 335 bytes. */
export async function makeTokens({ signer }: BenchKey, count: number): Promise<readonly string[]> {
  return Promise.all(Array.from({ length: count }, (_, serial) => signJwt(claimsOf(serial), { signer, typ: 'at+jwt' })))
}

/** The token with another byte in its signature. */
export function spoil(token: string): string {
  const at = token.length - 10
  return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
}

/** A token taken apart, so that nothing is left but the primitive. */
export interface Prepared {
  readonly data: Buffer
  readonly signature: Buffer
}

export function prepare(token: string): Prepared {
  const dot = token.lastIndexOf('.')
  return { data: Buffer.from(token.slice(0, dot)), signature: Buffer.from(token.slice(dot + 1), 'base64url') }
}
