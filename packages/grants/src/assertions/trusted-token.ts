import { type Auth, type Confirmation, kind, type OptionKind, type TokenVerifier } from '@countersign/core'
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

/** What the request proved to have. */
interface Proved {
  readonly proofKey: string | undefined
  readonly certificate: { readonly thumbprint: string } | undefined
}

function isProved({ method, thumbprint, certificateThumbprint }: Confirmation, { proofKey, certificate }: Proved): boolean {
  if (method === 'certificate') return thumbprint === certificate?.thumbprint
  return thumbprint === proofKey && (certificateThumbprint === undefined || certificateThumbprint === certificate?.thumbprint)
}

/** Verifies a token of a trusted issuer. Rejects with `Unavailable` in an outage. */
export async function verifyTrusted(
  token: string,
  { verifier, audiences }: TrustedTokens,
  proved: Proved,
): Promise<({ readonly ok: true } & TrustedToken) | AssertionFault> {
  const verified = await verifier.verify(token)
  if (!verified.ok) return assertionFault(verified.refusal.reason)
  const { auth } = verified
  // A bound token is worth nothing without its key or certificate, here as at a guard.
  if (auth.confirmation !== undefined && !isProved(auth.confirmation, proved)) return { ok: false, reason: 'assertion_bound' }
  const named = [auth.claims.aud ?? []].flat()
  if (audiences !== null && !named.some((one) => audiences.includes(one))) return { ok: false, reason: 'assertion_audience' }
  const read = readAssertion(token)
  const claims: Claims = read.ok ? read.claims : auth.claims
  const { act, may_act: mayAct } = claims
  return act === undefined && mayAct === undefined ? { ok: true, auth, claims } : { ok: false, reason: 'assertion_delegated' }
}
