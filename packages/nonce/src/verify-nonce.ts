import { type JwtClaims, type Outcome, type Reason, type Refusal, refuse, type VerificationKey, whenKnown } from '@countersign/core'
import { checkAudience, checkTimes, type Jws, normalizeType, parseClaims, parseJws, verifySignature } from '@countersign/jwt'
import type { NonceRules } from './nonce-rules.js'
import type { SignedNonce } from './revoked-nonce.js'

/** A nonce is named by its id once its signature was good, also when it is refused. */
export type VerifiedNonce = Outcome<SignedNonce> & { readonly jti?: string }

const fail = (refusal: Refusal | Reason): { readonly ok: false; readonly refusal: Refusal } => ({
  ok: false,
  refusal: typeof refusal === 'string' ? refuse(refusal) : refusal,
})

/** How it was signed, for the denylist. */
type SignedWith = Pick<SignedNonce, 'kid' | 'thumbprint'>

function judgeClaims(jws: Jws, signed: SignedWith, audiences: readonly string[], rules: NonceRules): VerifiedNonce {
  const { issuer, toleranceSeconds, now } = rules
  const read = parseClaims(jws)
  if (!read.ok) return read
  const { claims } = read
  const { iss, exp, jti, cnf } = claims
  if (iss === undefined || exp === undefined || !jti) return fail('claims')
  if (iss !== issuer) return { ...fail('unknown_issuer'), jti }
  if (cnf !== undefined) return { ...fail('confirmation'), jti }
  const refusal =
    checkTimes(claims, { now: now() / 1000, toleranceSeconds, maxFutureIssuedSeconds: 60 }) ?? checkAudience(claims, audiences)
  return refusal ? { ...fail(refusal), jti } : { ok: true, claims: claims as JwtClaims, jti, ...signed }
}

function judge(jws: Jws, key: VerificationKey | undefined, audiences: readonly string[], rules: NonceRules): VerifiedNonce {
  if (key === undefined) return fail('unknown_key')
  if (!verifySignature(jws, key)) return fail('signature')
  rules.headers.remember(jws)
  if (normalizeType(jws.header.typ) !== rules.type) return fail('token_type')
  return judgeClaims(jws, { kid: key.kid ?? jws.header.kid, thumbprint: key.thumbprint }, audiences, rules)
}

/**
 * Everything but the store: signature, type and claims. A token that fails here is not spent.
 *
 * @param audiences - of the purpose
 */
export function verifyNonce(token: unknown, audiences: readonly string[], rules: NonceRules): VerifiedNonce | Promise<VerifiedNonce> {
  const { algorithm, headers, keys } = rules
  const parsed = typeof token === 'string' ? parseJws(token, { headers }) : fail('malformed')
  if (!parsed.ok) return parsed
  const { jws } = parsed
  if (jws.header.alg !== algorithm) return fail('algorithm')
  return whenKnown(keys.find({ kid: jws.header.kid, algorithm }), (key) => judge(jws, key, audiences, rules))
}
