import { lengthPrefixed, type Now, orUnavailable, type Refusal, type ReplayStore, refuse, Unavailable } from '@countersign/core'
import type { ProofAge } from './freshness.js'

/** What of a proof is claimed. */
export interface ClaimedProof extends ProofAge {
  readonly thumbprint: string
  readonly jti: string
  /** When it was checked, in epoch milliseconds. */
  readonly checkedAt: number
}

/** What claims of proofs need. */
export interface ProofClaimOptions {
  readonly replay: ReplayStore
  readonly maxProofsPerMinute: number
  readonly hasNonces: boolean
  readonly now: Now
}

/** A nonce that is younger cannot be replaced by one that the store could prove. */
const youngNonceMs = 1000
/** Most keys that are counted. Beyond it counting begins anew: it protects the store, not a secret. */
const maxKeys = 100_000

const unprovable = refuse('proof_unprovable', {
  detail: { expected: 'a proof made after the replay store began to remember', received: 'an older proof' },
})
const staleNonce = refuse('proof_nonce', {
  detail: { expected: 'a nonce given after the replay store began to remember', received: 'an older proof' },
})

/** Counts the proofs of each key in the current minute. */
function createCounts(limit: number, now: Now): (thumbprint: string) => Refusal | undefined {
  const state = { minute: Number.NaN, counts: new Map<string, number>() }
  return (thumbprint) => {
    const time = now()
    const minute = Math.floor(time / 60_000)
    if (minute !== state.minute || state.counts.size >= maxKeys) {
      state.minute = minute
      state.counts = new Map()
    }
    const count = (state.counts.get(thumbprint) ?? 0) + 1
    state.counts.set(thumbprint, count)
    if (count <= limit) return undefined
    return refuse('too_many', {
      retryAfterSeconds: Math.ceil(((minute + 1) * 60_000 - time) / 1000),
      detail: { expected: `at most ${limit} DPoP proofs of one key in a minute (maxProofsPerMinute)` },
    })
  }
}

/**
 * Makes sure that a proof is used once (RFC 9449 §11.1). Ids of different keys do not meet.
 *
 * @returns a function that answers undefined, or a refusal `proof_replayed`, `proof_unprovable`, `proof_nonce`, `too_many`. It rejects
 * with `Unavailable` if the store fails, or cannot tell yet
 */
export function createProofClaim(options: ProofClaimOptions): (proof: ClaimedProof) => Promise<Refusal | undefined> {
  const { replay, hasNonces, now } = options
  const tooMany = createCounts(options.maxProofsPerMinute, now)

  function unproved({ nonceAgeMs }: ClaimedProof): Refusal {
    if (!hasNonces) return unprovable
    // With a new nonce the store can tell; with one of this moment it cannot yet.
    if (nonceAgeMs === undefined || nonceAgeMs > youngNonceMs) return staleNonce
    throw new Unavailable('store_unavailable', { retryAfterSeconds: Math.ceil(youngNonceMs / 1000) })
  }

  return async (proof) => {
    const { thumbprint, jti, issuedAgoMs, ttlMs, checkedAt } = proof
    const refusal = tooMany(thumbprint)
    if (refusal !== undefined) return refusal
    // Time has passed since the check: for keys, for revocations.
    const claim = { purpose: 'dpop', id: lengthPrefixed(thumbprint, jti), issuedAgoMs: issuedAgoMs + (now() - checkedAt), ttlMs }
    const verdict = await orUnavailable(() => replay.claim(claim))
    switch (verdict) {
      case 'claimed':
        return undefined
      case 'replayed':
        return refuse('proof_replayed')
      case 'unprovable':
        return unproved(proof)
      default:
        throw new TypeError(`dpop: replay.claim must return claimed, replayed or unprovable, got ${String(verdict)}`)
    }
  }
}
