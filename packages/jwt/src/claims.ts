import { type JwtClaims, type Outcome, refuse } from '@countersign/core'
import type { Jws } from './jws.js'
import { parseJsonObject } from './strict-json.js'

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

const malformed: Outcome<never> = { ok: false, refusal: refuse('malformed') }
const mistyped: Outcome<never> = { ok: false, refusal: refuse('claims') }

/**
 * Reads the payload of a JWS as a JWT claims set.
 *
 * @returns the claims, deeply frozen, the object itself without a prototype; refusals `malformed` (not one strict JSON
 * object) and `claims` (a registered claim has the wrong type)
 */
export function parseClaims(jws: Jws): Outcome<{ claims: ParsedClaims }> {
  const claims = parseJsonObject(jws.payload)
  if (claims === undefined) return malformed
  return hasRegisteredTypes(claims) ? { ok: true, claims } : mistyped
}

/** RFC 7519 §4.1: StringOrURI, NumericDate (fractions of a second are legal, §2), audience as one or several strings. */
function hasRegisteredTypes(claims: Readonly<Record<string, unknown>>): claims is ParsedClaims {
  const { iss, sub, aud, exp, nbf, iat, jti } = claims
  return (
    (iss === undefined || typeof iss === 'string') &&
    (sub === undefined || (typeof sub === 'string' && sub !== '')) &&
    (aud === undefined || typeof aud === 'string' || (Array.isArray(aud) && aud.every((one) => typeof one === 'string'))) &&
    (exp === undefined || Number.isFinite(exp)) &&
    (nbf === undefined || Number.isFinite(nbf)) &&
    (iat === undefined || Number.isFinite(iat)) &&
    (jti === undefined || typeof jti === 'string')
  )
}
