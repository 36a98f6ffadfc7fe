import type { Auth, TokenVerifier } from '@countersign/core'
import { type AssertionFault, assertionFault } from './assertion.js'
import type { Authentication } from './grant.js'

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

/** @throws TypeError if something is missing */
export function checkTrusted(name: string, trusted: TrustedTokens | undefined): void {
  if (trusted === undefined) return
  if (typeof trusted.verifier?.verify !== 'function') throw new TypeError(`${name}: trusted.verifier is required`)
  const { audiences } = trusted
  if (audiences !== null && !(Array.isArray(audiences) && audiences.length > 0 && audiences.every((one) => typeof one === 'string' && one)))
    throw new TypeError(`${name}: trusted.audiences names at least one; null opts out of the check`)
}

/** Verifies a token of a trusted issuer. Rejects with `Unavailable` in an outage. */
export async function verifyTrusted(
  token: string,
  { verifier, audiences }: TrustedTokens,
): Promise<{ readonly ok: true; readonly auth: Auth } | AssertionFault> {
  const verified = await verifier.verify(token)
  if (!verified.ok) return assertionFault(verified.refusal.reason)
  const { auth } = verified
  const named = [auth.claims.aud ?? []].flat()
  if (audiences !== null && !named.some((one) => audiences.includes(one))) return { ok: false, reason: 'assertion_audience' }
  const { act, may_act: mayAct } = auth.claims
  return act === undefined && mayAct === undefined ? verified : { ok: false, reason: 'assertion_delegated' }
}

/** How the person signed in, as the token says it (RFC 9068 §2.2.1). */
export function authenticationOf({ claims }: Auth): Authentication | undefined {
  const { auth_time: authTime, amr, acr } = claims
  if (typeof authTime !== 'number') return undefined
  const isList = Array.isArray(amr) && amr.every((one): one is string => typeof one === 'string')
  return { authTime, ...(isList && { amr }), ...(typeof acr === 'string' && { acr }) }
}

const texts = (value: unknown): readonly string[] => [value].flat().filter((one): one is string => typeof one === 'string')

/** What a token of our own was obtained with: an exchange must not wash that off. */
export function inheritedFrom({ claims, issuer }: Auth, own: string): { readonly inherited?: readonly string[]; readonly family?: string } {
  if (issuer !== own) return {}
  const { client_key: key, client_credential: credential, refresh_family: family } = claims
  const inherited = [...texts(key), ...texts(credential)]
  return { ...(inherited.length > 0 && { inherited }), ...(typeof family === 'string' && { family }) }
}
