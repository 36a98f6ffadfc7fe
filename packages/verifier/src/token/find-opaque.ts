import { hasOwn, isRefusal, type JwtClaims, type Refusal, type RevocationView, refuse, whenKnown } from '@countersign/core'
import type { TrustedIssuer } from '../issuers/trust.js'
import { type Belief, noKeySet, type OpaqueClaims } from '../opaque/opaque-tokens.js'
import { queriesOf, revokedBy } from './check-revocations.js'
import type { Provable } from './confirmation.js'
import { type FoundToken, tokenDigest } from './token-cache.js'
import { applySchema, authFrom, validateClaims } from './validate-claims.js'

/** What a token is checked with whose source tells of it. */
interface FindingContext {
  readonly revocations: RevocationView | undefined
  /** Whether the guard checks DPoP proofs. */
  readonly provable: Provable
  /** Epoch milliseconds. */
  now(): number
}

/** A token, and what is known of the request that it came with. */
interface PresentedOpaque {
  readonly token: string
  readonly digest: string | undefined
  readonly progress: { readonly address?: string | undefined; readonly record?: boolean | undefined }
}

type Outcome = FoundToken | Refusal | Promise<FoundToken | Refusal>

/** Whether a source must be asked again. A clock that was set back does not make an answer last longer. */
export function isDue(believed: Belief | undefined, time: number): boolean {
  return believed !== undefined && (time < believed.requestedAt || time >= believed.believedUntil)
}

/** Whether an answer still counts while its source is unavailable. */
export function isStale(believed: Belief | undefined, time: number): boolean {
  return believed !== undefined && time >= believed.requestedAt && time < believed.staleUntil
}

/** Reasons that end by themselves: the token may be good at the next moment. */
const passing: ReadonlySet<string> = new Set(['not_yet_valid', 'issued_in_future'])

/**
 * Checks tokens of which their source tells: its answer first, then the rules of the entry, then revocations, as for a JWT.
 *
 * @returns a function that throws or rejects with `Unavailable` in an outage
 */
export function createFindOpaque({ revocations, provable, now }: FindingContext) {
  function checkAnswer(answer: OpaqueClaims, trusted: TrustedIssuer): Outcome {
    const { claims, credentialId, requestedAt, believedUntil, staleUntil } = answer
    const { rule } = trusted
    const refusal = validateClaims(undefined, claims, rule, { now: now() / 1000, provable })
    if (refusal) return refusal
    const checkRevocations = (complete: JwtClaims): Outcome => {
      const auth = authFrom(complete, claims, trusted, { kid: undefined, ...(credentialId !== undefined && { credentialId }) })
      const asked = revocations === undefined ? [] : queriesOf(claims, trusted, auth, undefined)
      // A record of ours knows its own end, also one that a denylist has forgotten.
      const queries = trusted.isRemote ? asked : asked.map((query) => ({ ...query, recordReadAt: requestedAt / 1000 }))
      const found = { auth, trusted, set: noKeySet, queries, believed: { requestedAt, believedUntil, staleUntil } }
      return whenKnown(revokedBy(revocations, queries), (reason) => (reason ? refuse(reason) : found))
    }
    // `iss` and `exp` may be missing: `issuer` and `expiresAt` of the Auth do not come from them.
    const complete = claims as JwtClaims
    if (rule.schema === undefined) return checkRevocations(complete)
    return applySchema(complete, rule.schema).then((result) =>
      hasOwn(result, 'refusal') ? result.refusal : checkRevocations(result.claims),
    )
  }

  return ({ token, digest = tokenDigest(token), progress }: PresentedOpaque, trusted: TrustedIssuer): Outcome => {
    const { opaque } = trusted
    if (opaque === undefined) throw new Error(`the entry ${trusted.via} has no source of opaque tokens`)
    const { address, record = true } = progress
    return whenKnown(opaque.find({ token, digest, address, record }), (answer) => {
      if (isRefusal(answer)) return answer
      return whenKnown(checkAnswer(answer, trusted), (found) => {
        if (isRefusal(found) && !passing.has(found.reason)) opaque.refused?.(digest, found)
        return found
      })
    })
  }
}
