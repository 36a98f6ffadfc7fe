import type { ClientKeys } from '@countersign/core'
import type { ParsedClaims } from '@countersign/jwt'
import { completeRules } from '../clients/record/assertion-rules.js'
import type { Client } from '../clients/record/client.js'
import { type AssertionFault, type AssertionUse, judgeAssertion, type PresentedAssertion, type UseClaim } from './assertion.js'
import type { EvenVerification } from './stand-in-key.js'
import type { UsedKey } from './used-key.js'

/** A JWT that a client signed for itself or for somebody whom it speaks for. */
export interface OwnAssertion {
  readonly ok: true
  readonly claims: ParsedClaims
  readonly key: UsedKey
  readonly once: UseClaim
  /** When it was signed at the earliest, in epoch seconds. */
  readonly issuedAt: number
  /** The latest end of what it is exchanged for; undefined where that may live longer. */
  readonly expiresAt: number | undefined
}

/** What a JWT is sent as. */
export interface SentAssertion {
  readonly use: AssertionUse
  /** Accepted `typ` in the form of `normalizeType`. */
  readonly types: readonly string[]
}

/** Who judges, and when. */
export interface AssertionContext {
  readonly client: Client
  readonly keys: ClientKeys | undefined
  readonly issuer: string
  /** Epoch milliseconds. */
  readonly nowMs: number
  /** For clients that are known by nothing but this. */
  readonly verify?: EvenVerification
}

/** The `iss` of a client's assertions. */
export const issuerOf = ({ id, assertion }: Client): string => assertion?.issuer ?? id

/**
 * Judges a JWT by the rules of the client that sends it. Nothing is used up. Rejects with `Unavailable` in an outage.
 */
export async function judgeOwnAssertion(
  presented: PresentedAssertion,
  { types, use }: SentAssertion,
  { client, keys, issuer, nowMs, verify }: AssertionContext,
): Promise<OwnAssertion | AssertionFault> {
  if (keys === undefined) return { ok: false, reason: 'assertion_key_unknown' }
  const rules = completeRules(client.assertion)
  const expected = {
    clientId: client.id,
    issuer: issuerOf(client),
    audiences: rules.audiences ?? [issuer],
    types,
    maxLifetimeSeconds: rules.maxLifetimeSeconds,
    toleranceSeconds: rules.clockToleranceSeconds,
    jti: rules.jti,
    use,
  }
  const judged = await judgeAssertion(presented, expected, { keys, nowMs, verify })
  if (!judged.ok) return judged
  const { claims, key, once, expiresAt } = judged
  // Delegation is not understood: ignored, it would be more than was meant (RFC 8693 §4.1, §4.4).
  if (claims.act !== undefined || claims.may_act !== undefined) return { ok: false, reason: 'assertion_delegated' }
  const { sub } = claims
  const mayName = sub === undefined || sub === expected.issuer || sub === client.id || (rules.subjects?.includes(sub) ?? true)
  if (!mayName) return { ok: false, reason: 'assertion_subject' }
  const issuedAt = claims.iat ?? (claims.exp ?? 0) - rules.maxLifetimeSeconds
  return { ok: true, claims, key, once, issuedAt, expiresAt: rules.mayOutlive ? undefined : expiresAt }
}
