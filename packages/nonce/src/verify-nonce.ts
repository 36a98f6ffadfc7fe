import { type JwtClaims, type Outcome, type Reason, type Refusal, refuse } from '@countersign/core'
import { checkAudience, checkTimes, type Jws, normalizeType, parseClaims, parseJws, verifySignature } from '@countersign/jwt'
import type { NonceRules } from './nonce-rules.js'

/** A nonce is named by its id once its signature was good, also when it is refused. */
export type VerifiedNonce = Outcome<{ readonly claims: JwtClaims }> & { readonly jti?: string }

const fail = (refusal: Refusal | Reason): { readonly ok: false; readonly refusal: Refusal } => ({
  ok: false,
  refusal: typeof refusal === 'string' ? refuse(refusal) : refusal,
})

async function signatureFault({ header, ...rest }: Jws, { algorithm, keys, typ }: NonceRules): Promise<Reason | undefined> {
  if (header.alg !== algorithm) return 'algorithm'
  const key = await keys.find({ kid: header.kid, algorithm })
  if (key === undefined) return 'unknown_key'
  if (!verifySignature({ header, ...rest }, key)) return 'signature'
  return normalizeType(header.typ) === normalizeType(typ) ? undefined : 'token_type'
}

/**
 * Everything but the store: signature, type and claims. A token that fails here is not spent.
 *
 * @param audiences - of the purpose
 */
export async function verifyNonce(token: unknown, audiences: readonly string[], rules: NonceRules): Promise<VerifiedNonce> {
  const parsed = typeof token === 'string' ? parseJws(token) : fail('malformed')
  if (!parsed.ok) return parsed
  const fault = await signatureFault(parsed.jws, rules)
  if (fault !== undefined) return fail(fault)
  const read = parseClaims(parsed.jws)
  if (!read.ok) return read
  const { claims } = read
  const { iss, exp, jti, cnf } = claims
  if (iss === undefined || exp === undefined || !jti) return fail('claims')
  if (iss !== rules.issuer) return { ...fail('unknown_issuer'), jti }
  if (cnf !== undefined) return { ...fail('confirmation'), jti }
  const times = { now: rules.now() / 1000, toleranceSeconds: rules.toleranceSeconds, maxFutureIssuedSeconds: 60 }
  const refusal = checkTimes(claims, times) ?? checkAudience(claims, audiences)
  return refusal ? { ...fail(refusal), jti } : { ok: true, claims: claims as JwtClaims, jti }
}
