import { asUnavailable, type JwtClaims, type RevocationQuery, type RevocationReason, whenKnown } from '@countersign/core'
import type { NonceRules } from './nonce-rules.js'

/** A nonce whose signature and claims are good, and what it was signed with. */
export interface SignedNonce {
  readonly claims: JwtClaims
  readonly kid: string | undefined
  readonly thumbprint: string | undefined
}

const isText = (value: unknown): value is string => typeof value === 'string'

/** Secrets have ids of their own, which may be those of signing keys: only a key pair is one that can be revoked by name. */
function queryOf({ claims, kid, thumbprint }: SignedNonce, isPair: boolean): RevocationQuery {
  const { iss, sub, jti, iat, exp, client_id: clientId, client_credential: credentials } = claims
  return {
    issuer: iss,
    kid: isPair ? kid : undefined,
    thumbprint: isPair ? thumbprint : undefined,
    jti,
    subject: sub,
    clientId: isText(clientId) ? clientId : undefined,
    clientKeys: [credentials].flat().filter(isText),
    issuedAt: iat,
    expiresAt: exp,
  }
}

/** A denylist forgets a subject sooner than the longest nonce ends; what is kept for good does not. */
async function hasSubjectEnded({ iss: issuer, sub: subject, iat = 0 }: JwtClaims, { revocations }: NonceRules): Promise<boolean> {
  if (subject === undefined || revocations?.subjectNotBefore === undefined) return false
  try {
    const end = await revocations.subjectNotBefore({ issuer, subject })
    return end !== undefined && Math.floor(iat) <= end
  } catch (cause) {
    throw asUnavailable(cause)
  }
}

/** Why a nonce has ended before its time; undefined: it has not. Rejects with `Unavailable` where that cannot be told. */
export async function revokedNonce(signed: SignedNonce, rules: NonceRules): Promise<RevocationReason | undefined> {
  const { revocations, isPair } = rules
  if (revocations === undefined) return undefined
  const [reason, isSubjectEnded] = await Promise.all([
    whenKnown(revocations.check(queryOf(signed, isPair)), (one) => one),
    hasSubjectEnded(signed.claims, rules),
  ])
  return reason ?? (isSubjectEnded ? 'revoked_subject' : undefined)
}
