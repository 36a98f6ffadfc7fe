import { hasOwn, type JwtClaims, type Outcome, type Refusal, refuse } from '@countersign/core'
import { exactInteger, jsonKind } from './json-kind.js'
import type { Jws } from './jws.js'
import { type JsonFault, parseJsonObject } from './strict-json.js'

/** Claims whose registered members have their RFC 7519 §4.1 types where present; none is required yet. */
export interface ParsedClaims extends Readonly<Record<string, unknown>> {
  readonly iss?: string
  readonly sub?: JwtClaims['sub']
  readonly aud?: JwtClaims['aud']
  readonly exp?: number
  readonly nbf?: JwtClaims['nbf']
  readonly iat?: JwtClaims['iat']
  readonly jti?: JwtClaims['jti']
}

interface RegisteredClaim {
  readonly name: 'iss' | 'sub' | 'aud' | 'exp' | 'nbf' | 'iat' | 'jti'
  /** What it must be, for the detail of a refusal. */
  readonly expected: string
  fits(value: unknown): boolean
}

const isText = (value: unknown): boolean => typeof value === 'string'
const isTime = (value: unknown): boolean => Number.isFinite(value)
const isAudience = (value: unknown): boolean => isText(value) || (Array.isArray(value) && value.every(isText))
const aTime = 'a number of seconds'

/** RFC 7519 §4.1: StringOrURI, NumericDate (fractions of a second are legal, §2), audience as one or several strings. */
const registered: readonly RegisteredClaim[] = [
  { name: 'iss', expected: 'a string', fits: isText },
  { name: 'sub', expected: 'a string that is not empty', fits: (value) => isText(value) && value !== '' },
  { name: 'aud', expected: 'a string, or an array of strings', fits: isAudience },
  { name: 'exp', expected: aTime, fits: isTime },
  { name: 'nbf', expected: aTime, fits: isTime },
  { name: 'iat', expected: aTime, fits: isTime },
  { name: 'jti', expected: 'a string', fits: isText },
]

function claimFault(name: string, expected: string, received: string): Refusal {
  return refuse('claims', { detail: { expected: `${name}: ${expected}`, received } })
}

/**
 * The refusal of a token that lacks a claim which it needs.
 *
 * @param name - of the claim
 */
export function missingClaim(name: 'iss' | 'exp' | 'iat'): Refusal {
  return claimFault(name, name === 'iss' ? 'a string' : aTime, 'nothing')
}

function faultOf(fault: JsonFault): Refusal {
  if (fault.kind === 'malformed') return refuse('malformed', { detail: { expected: 'claims as one JSON object', received: fault.what } })
  return claimFault(fault.member.slice(0, 50), exactInteger, 'an integer that a double cannot hold')
}

/**
 * Reads the payload of a JWS as a JWT claims set.
 *
 * @returns the claims, deeply frozen, the object itself without a prototype; refusals `malformed` (not one strict JSON
 * object) and `claims` (a registered claim has the wrong type, or a claim holds an integer beyond ±(2^53 - 1))
 */
export function parseClaims(jws: Jws): Outcome<{ claims: ParsedClaims }> {
  const read = parseJsonObject(jws.payload)
  if (hasOwn(read, 'fault')) return { ok: false, refusal: faultOf(read.fault) }
  const { object } = read
  const wrong = registered.find(({ name, fits }) => object[name] !== undefined && !fits(object[name]))
  if (wrong === undefined) return { ok: true, claims: object }
  return { ok: false, refusal: claimFault(wrong.name, wrong.expected, jsonKind(object[wrong.name])) }
}
