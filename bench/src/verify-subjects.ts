import type { KeyObject } from 'node:crypto'
import type { VerificationKey } from '@countersign/core'
import {
  checkAudience,
  checkTimes,
  createHeaderMemo,
  importPublicKey,
  importSecret,
  isHmac,
  parseClaims,
  parseJws,
  verifySignature,
} from '@countersign/jwt'
import { createVerifier, type IssuerEntry, staticKeys, type VerifierOptions } from '@countersign/verifier'
import { JwtVerifier } from 'aws-jwt-verify'
import type { Jwks } from 'aws-jwt-verify/jwk'
import { createVerifier as createFastVerifier } from 'fast-jwt'
import { type CryptoKey, importJWK, jwtVerify } from 'jose'
import jsonwebtoken from 'jsonwebtoken'
import { audience, type BenchKey, issuer } from './tokens.js'

/** Something that verifies tokens. It throws, rejects or answers false or `{ ok: false }` for a token that it does not accept. */
export type TokenSubject = { readonly name: string } & (
  | { readonly later: false; readonly verify: (token: string) => unknown }
  | { readonly later: true; readonly verify: (token: string) => Promise<unknown> }
)

/** The issuer entry for a key of the benches. */
function entryFor({ alg, kid, verifying, jwk }: BenchKey): IssuerEntry {
  if (alg === 'HS512') {
    return staticKeys({ issuer, audience, algorithms: [alg], secrets: { current: { id: kid, secret: verifying.export() } } })
  }
  return staticKeys({ issuer, audience, algorithms: [alg], keys: jwk ?? verifying })
}

/** Our verifier; `cache` as in its options. */
export function countersign(name: string, key: BenchKey, cache: NonNullable<VerifierOptions['cache']>): TokenSubject {
  const verifier = createVerifier({ cache, issuers: { bench: entryFor(key) } })
  return { name, later: true, verify: (token) => verifier.verify(token) }
}

function verificationKey({ alg, kid, verifying }: BenchKey): VerificationKey {
  const imported = isHmac(alg)
    ? importSecret(verifying.export(), { kid, algorithms: [alg] })
    : importPublicKey(verifying, { kid, algorithm: alg })
  if (!imported.ok) throw new Error(imported.reason)
  return imported.key
}

/** Our functions for JWTs alone, put together as the verifier does. */
export function countersignJwt(benchKey: BenchKey): TokenSubject {
  const key = verificationKey(benchKey)
  const headers = createHeaderMemo()
  const accepted = [audience]
  const verify = (token: string): boolean => {
    const parsed = parseJws(token, { headers })
    if (!parsed.ok || !verifySignature(parsed.jws, key)) return false
    headers.remember(parsed.jws)
    const read = parseClaims(parsed.jws)
    if (!read.ok || read.claims.iss !== issuer) return false
    const rule = { now: Date.now() / 1000, toleranceSeconds: 5, maxFutureIssuedSeconds: 60 }
    return checkTimes(read.claims, rule) === undefined && checkAudience(read.claims, accepted) === undefined
  }
  return { name: 'countersign jwt', later: false, verify }
}

function pem(key: KeyObject): string | Buffer {
  return key.type === 'secret' ? key.export() : key.export({ format: 'pem', type: 'spki' })
}

/** fast-jwt with a key that it prepares once. */
export function fastJwt({ alg, verifying }: BenchKey, cache: boolean | number): TokenSubject {
  const verify = createFastVerifier({ key: pem(verifying), algorithms: [alg], allowedIss: issuer, allowedAud: audience, cache })
  return { name: 'fast-jwt', later: false, verify }
}

async function jose({ alg, verifying, jwk }: BenchKey): Promise<TokenSubject> {
  const key: CryptoKey | Uint8Array =
    jwk === undefined
      ? await crypto.subtle.importKey('raw', verifying.export(), { name: 'HMAC', hash: 'SHA-512' }, false, ['verify'])
      : await importJWK({ ...jwk, kty: String(jwk.kty) }, alg)
  return { name: 'jose', later: true, verify: (token) => jwtVerify(token, key, { issuer, audience, algorithms: [alg] }) }
}

function jsonWebToken({ alg, verifying }: BenchKey): TokenSubject | undefined {
  if (alg === 'EdDSA') return undefined
  return {
    name: 'jsonwebtoken',
    later: false,
    verify: (token) => jsonwebtoken.verify(token, verifying, { issuer, audience, algorithms: [alg] }),
  }
}

function awsJwtVerify({ jwk }: BenchKey): TokenSubject | undefined {
  if (jwk === undefined) return undefined
  const verifier = JwtVerifier.create({ issuer, audience, jwksUri: 'https://issuer.example/jwks.json' })
  verifier.cacheJwks({ keys: [jwk] } as unknown as Jwks)
  return { name: 'aws-jwt-verify', later: false, verify: (token) => verifier.verifySync(token) }
}

/** Every peer that supports the algorithm of a key, each with its key prepared as well as it can be. */
export async function peers(key: BenchKey): Promise<readonly TokenSubject[]> {
  return [await jose(key), jsonWebToken(key), awsJwtVerify(key), fastJwt(key, false)].filter((subject) => subject !== undefined)
}
