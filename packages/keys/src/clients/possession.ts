import { checkTimes, normalizeType, parseClaims, parseJws, verifySignature } from '@countersign/jwt'
import { type ClientKey, clientVerificationKey } from './client-key.js'

/** Explicit type of a proof (RFC 8725 §3.11), so that nothing else that a client signs can stand for one. */
const proofType = 'key-possession+jwt'
const longestProofSeconds = 300
const toleranceSeconds = 5

/**
 * Whether a proof shows that a client has the private key.
 *
 * @param proof - a JWT of type `key-possession+jwt` signed with it: `iss` the client, `aud` the issuer, `exp` at most 300 s ahead
 * @param expected - `now` in epoch seconds
 */
export function provesPossession(
  key: ClientKey,
  proof: unknown,
  { owner, issuer, now }: { readonly owner: string; readonly issuer: string; readonly now: number },
): boolean {
  const parsed = typeof proof === 'string' ? parseJws(proof) : undefined
  if (!parsed?.ok || normalizeType(parsed.jws.header.typ) !== proofType) return false
  if (!verifySignature(parsed.jws, clientVerificationKey(key))) return false
  const read = parseClaims(parsed.jws)
  if (!read.ok || read.claims.iss !== owner || read.claims.aud !== issuer) return false
  const livesTooLong = (read.claims.exp ?? 0) > now + longestProofSeconds
  return !livesTooLong && checkTimes(read.claims, { now, toleranceSeconds, maxFutureIssuedSeconds: 60 }) === undefined
}
