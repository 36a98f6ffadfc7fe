import type { JsonWebKey } from 'node:crypto'
import type { Algorithm } from '@countersign/core'
import {
  algorithms,
  checkTimes,
  createKeySet,
  importJwk,
  importSecret,
  isHmac,
  type KeyImport,
  parseClaims,
  parseJws,
  selectKey,
  verifySignature,
} from '@countersign/jwt'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { type JsonFacts, jsonFacts, slowDecode } from './slow-reference.js'

/** A token, what it is verified with, and when. */
export interface TokenCase {
  readonly token: string
  readonly key: { readonly jwk: unknown } | { readonly secret: Buffer }
  /** Epoch seconds. */
  readonly now: number
}

/** A key and an algorithm that it is asked for. */
export interface KeyCase {
  readonly jwk: unknown
  readonly algorithm: Algorithm
}

/** What this package says: 'accepted' or a reason. */
export function judgeHere({ token, key, now }: TokenCase): string {
  const parsed = parseJws(token)
  if (!parsed.ok) return parsed.refusal.reason
  const { jws } = parsed
  const { alg } = jws.header
  const imported: KeyImport = 'jwk' in key ? importJwk(key.jwk) : importSecret(key.secret, { algorithms: isHmac(alg) ? [alg] : [] })
  if (!imported.ok) return imported.reason
  const kid = 'jwk' in key ? jws.header.kid : undefined
  const found = selectKey(createKeySet([imported.key]), { kid, algorithm: alg })
  if (found === undefined) return 'unknown_key'
  if (!verifySignature(jws, found)) return 'signature'
  const claims = parseClaims(jws)
  if (!claims.ok) return claims.refusal.reason
  return checkTimes(claims.claims, { now, toleranceSeconds: 0, maxFutureIssuedSeconds: null })?.reason ?? 'accepted'
}

/** What jose says: 'accepted' or the code of its error. */
export async function judgeJose({ token, key, now }: TokenCase): Promise<string> {
  const options = { currentDate: new Date(now * 1000), algorithms: [...algorithms] }
  try {
    if ('jwk' in key) await jwtVerify(token, createLocalJWKSet({ keys: [key.jwk] } as JSONWebKeySet), options)
    else await jwtVerify(token, key.secret, options)
    return 'accepted'
  } catch (error) {
    return codeOf(error)
  }
}

export function judgeKeyHere({ jwk, algorithm }: KeyCase): string {
  const imported = importJwk(jwk)
  if (!imported.ok) return imported.reason
  return imported.key.algorithms.includes(algorithm) ? 'accepted' : 'unknown_key'
}

/** jose looks at the size of a modulus only when it verifies; that counts as part of the import here. */
export async function judgeKeyJose({ jwk, algorithm }: KeyCase): Promise<string> {
  try {
    const key = await createLocalJWKSet({ keys: [jwk] } as JSONWebKeySet)({ alg: algorithm }, { payload: '', signature: '' })
    const { modulusLength = 2048 } = key.algorithm as { modulusLength?: number }
    return modulusLength < 2048 ? 'short' : 'accepted'
  } catch (error) {
    return codeOf(error)
  }
}

function codeOf(error: unknown): string {
  const { code, name } = error as { code?: string; name: string }
  return code ?? name
}

/** A JSON part of a token as a lenient reader sees it. */
export interface PartFacts {
  readonly text: string
  readonly value: Readonly<Record<string, unknown>>
  readonly json: JsonFacts | undefined
}

/** What can be said of a token without the code under test. */
export interface TokenFacts {
  readonly token: string
  readonly now: number
  readonly strict: boolean
  readonly header: PartFacts
  readonly claims: PartFacts
  readonly secret: Buffer | undefined
  readonly jwk: Readonly<Record<string, unknown>>
}

export function factsOf({ token, key, now }: TokenCase): TokenFacts {
  const segments = token.split('.')
  return {
    token,
    now,
    strict: segments.every((segment) => slowDecode(segment) !== undefined),
    header: partOf(segments[0]),
    claims: partOf(segments[1]),
    secret: 'secret' in key ? key.secret : undefined,
    jwk: 'jwk' in key ? (key.jwk as JsonWebKey) : {},
  }
}

function partOf(segment = ''): PartFacts {
  const text = Buffer.from(segment, 'base64').toString()
  const plain = text.replace(/^\ufeff/, '')
  try {
    const value = JSON.parse(plain)
    return { text, value: typeof value === 'object' && value !== null ? value : {}, json: jsonFacts(plain) }
  } catch {
    return { text, value: {}, json: undefined }
  }
}
