import { type Auth, kind, type OptionKind, originsOf, type TokenOrigin, type TokenVerifier } from '@countersign/core'
import type { Authentication, Granted } from '../grants/grant.js'
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
  audiences: kind.required(kind.either(kind.listOf(kind.string), { ...kind.exactly(null), must: 'null, which opts out of the check' })),
})

/** A token of a trusted issuer that is good. */
export interface TrustedToken {
  readonly auth: Auth
  /** What it says itself, whatever a schema of the verifier makes of its claims. */
  readonly claims: Claims
}

/** Verifies a token of a trusted issuer. Rejects with `Unavailable` in an outage. */
export async function verifyTrusted(
  token: string,
  { verifier, audiences }: TrustedTokens,
): Promise<({ readonly ok: true } & TrustedToken) | AssertionFault> {
  const verified = await verifier.verify(token)
  if (!verified.ok) return assertionFault(verified.refusal.reason)
  const { auth } = verified
  const named = [auth.claims.aud ?? []].flat()
  if (audiences !== null && !named.some((one) => audiences.includes(one))) return { ok: false, reason: 'assertion_audience' }
  const read = readAssertion(token)
  const claims: Claims = read.ok ? read.claims : auth.claims
  const { act, may_act: mayAct } = claims
  return act === undefined && mayAct === undefined ? { ok: true, auth, claims } : { ok: false, reason: 'assertion_delegated' }
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
function inheritedFrom({ client_key: key, client_credential: credential, refresh_family: family }: Claims): Partial<Granted> {
  const inherited = [...texts(key), ...texts(credential)]
  return { ...(inherited.length > 0 && { inherited }), ...(typeof family === 'string' && { family }) }
}

/** A token, as one that it is exchanged for names it. */
function originOf({ auth, claims }: TrustedToken, isOwn: boolean): TokenOrigin {
  const { issuer, kid, subject, clientId } = auth
  const { jti, iat, client_key: key, client_credential: credential, refresh_family: family } = claims
  const clientKeys = [...texts(key), ...texts(credential)]
  return {
    iss: issuer,
    ...(kid !== undefined && { kid }),
    ...(typeof jti === 'string' && { jti }),
    ...(subject !== undefined && { sub: subject }),
    ...(clientId !== undefined && { client_id: clientId }),
    // A token of our own hands these on under its own issuer.
    ...(!isOwn && clientKeys.length > 0 && { client_key: clientKeys }),
    ...(!isOwn && typeof family === 'string' && { refresh_family: family }),
    ...(typeof iat === 'number' && { iat }),
  }
}

/**
 * What a token that is exchanged for this one depends on: all that ends this one ends it, too.
 *
 * @param own - our own `iss`
 */
export function owedToTrusted(token: TrustedToken, own: string): Partial<Granted> {
  const isOwn = token.auth.issuer === own
  const { iat: begunAt } = token.claims
  return {
    ...(isOwn && inheritedFrom(token.claims)),
    ...(typeof begunAt === 'number' && { begunAt }),
    origins: [...originsOf(token.claims), originOf(token, isOwn)],
  }
}
