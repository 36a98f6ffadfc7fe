import { type Auth, kind, type OptionKind, type TokenVerifier } from '@countersign/core'
import { type AssertionFault, assertionFault, readAssertion } from './assertion.js'

type Claims = Readonly<Record<string, unknown>>

/** Tokens of other issuers, or of our own, that are accepted. */
export interface TrustedTokens {
  /** For instance `guard.verifier`, with a view of revocations. */
  readonly verifier: TokenVerifier
  /**
   * Their `aud` names one of these: a token for somebody else is not to be had in exchange (the confused deputy). `null` where the rules of the
   * verifier restrict it in another way, as they do for Cognito, whose access tokens have no `aud`.
   */
  readonly audiences: readonly string[] | null
}

/** What the option `trusted` must be. */
export const trustedKind: OptionKind = kind.members<TrustedTokens>({
  verifier: kind.required(kind.having('a verifier of tokens, for instance guard.verifier', 'verify')),
  audiences: kind.required({
    ...kind.either(kind.listOf(kind.string), kind.exactly(null)),
    must: 'a non-empty array of non-empty strings, or null, which turns the check off',
  }),
})

/** A token of a trusted issuer that is good. */
export interface TrustedToken {
  readonly auth: Auth
  /** The claims of the token itself, before a schema of the verifier changes them. */
  readonly claims: Claims
}

/** Verifies a token of a trusted issuer. Rejects with `Unavailable` in an outage. */
export async function verifyTrusted(
  token: string,
  { verifier, audiences }: TrustedTokens,
  proofKey: string | undefined,
): Promise<({ readonly ok: true } & TrustedToken) | AssertionFault> {
  const verified = await verifier.verify(token)
  if (!verified.ok) return assertionFault(verified.refusal.reason)
  const { auth } = verified
  // A bound token is worth nothing without a proof of its key, here as at a guard.
  const { method, thumbprint, certificateThumbprint } = auth.confirmation ?? {}
  // Certificates are not looked at here.
  const isProved = method === 'dpop' && thumbprint === proofKey && certificateThumbprint === undefined
  if (auth.confirmation !== undefined && !isProved) return { ok: false, reason: 'assertion_bound' }
  const named = [auth.claims.aud ?? []].flat()
  if (audiences !== null && !named.some((one) => audiences.includes(one))) return { ok: false, reason: 'assertion_audience' }
  const read = readAssertion(token)
  const claims: Claims = read.ok ? read.claims : auth.claims
  const { act, may_act: mayAct } = claims
  return act === undefined && mayAct === undefined ? { ok: true, auth, claims } : { ok: false, reason: 'assertion_delegated' }
}
