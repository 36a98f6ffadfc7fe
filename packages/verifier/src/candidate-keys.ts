import { type RevocationQuery, type RevocationView, type VerificationKey, whenKnown } from '@countersign/core'
import { revokedBy } from './judge-revocations.js'
import type { TrustedIssuer } from './trust.js'

/** Most keys that a token without kid is tried against: each costs a verification, and anybody can send such tokens. */
const maxTried = 4
/** Most keys that a view is asked about to find them. */
const maxAsked = 16

/** Whose keys are looked through, and who knows which of them were revoked. */
interface Looking {
  readonly trusted: TrustedIssuer
  readonly view: RevocationView | undefined
  /** Epoch seconds. */
  readonly now: number
}

/** About a key alone: what else a token says is not proved yet. */
function keyQueries({ kid, thumbprint }: VerificationKey, { trusted, now }: Looking): readonly RevocationQuery[] {
  const nothing = { jti: undefined, subject: undefined, clientId: undefined, clientKeys: [], issuedAt: now }
  return trusted.aliases.map((issuer) => ({ issuer, kid, thumbprint, via: trusted.via, ...nothing }))
}

/**
 * The keys that a token without kid is tried against, at most 4. Revoked ones are left out first, so that they take no place of
 * good ones.
 *
 * @param candidates - all keys of the issuer that fit the algorithm
 */
export function triedKeys(
  candidates: readonly VerificationKey[],
  looking: Looking,
): readonly VerificationKey[] | Promise<readonly VerificationKey[]> {
  const { view } = looking
  if (view === undefined) return candidates.slice(0, maxTried)
  const tried: VerificationKey[] = []
  const lookAt = (index: number): readonly VerificationKey[] | Promise<readonly VerificationKey[]> => {
    const key = candidates[index]
    if (key === undefined || tried.length === maxTried || index === maxAsked) return tried
    return whenKnown(revokedBy(view, keyQueries(key, looking)), (reason) => {
      if (reason !== 'revoked_key') tried.push(key)
      return lookAt(index + 1)
    })
  }
  return lookAt(0)
}
