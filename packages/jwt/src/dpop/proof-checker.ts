import {
  type Algorithm,
  checkOptions,
  eventChannel,
  hasOwn,
  kind,
  type Now,
  type Outcome,
  type Refusal,
  refuse,
  wallClock,
} from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import type { JwsHeader } from '../header.js'
import { normalizeType } from '../header.js'
import { createHeaderMemo } from '../header-memo.js'
import { type Jws, parseJws } from '../parse-jwt.js'
import { verifySignature } from '../signature.js'
import { type ClaimedProof, createProofClaim } from './claim-proof.js'
import { type DpopOptions, dpopShape } from './dpop-options.js'
import { createFreshness } from './freshness.js'
import { malformedProof, otherRequest, type ProvedRequest, proofClaims } from './proof-claims.js'
import { type PresentedKey, presentedKey, type UsableKey, usableKey } from './proof-key.js'

/** Options of {@link createProofChecker}. */
export interface ProofCheckerOptions extends DpopOptions {
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
}

/** A proof, and the request that it came with. */
export interface PresentedProof extends ProvedRequest {
  /** The field `DPoP` as {@link readProof} returns it. */
  readonly proof: string
  /** The thumbprint that the access token is bound to (`cnf.jkt`). Absent where any key is accepted. */
  readonly thumbprint?: string | undefined
}

/** A proof that is good. It counts only after {@link ProofChecker.claim}. */
export interface DpopProof extends ClaimedProof {
  /** RFC 7638 thumbprint of the key, for `cnf.jkt`. */
  readonly thumbprint: string
}

/** Checks DPoP proofs (RFC 9449 §4.3). */
export interface ProofChecker {
  /** The accepted algorithms, for challenges and metadata. */
  readonly algorithms: readonly Algorithm[]
  /** Checks everything but that the proof is new. Nothing is stored. Refusals: each `proof_…` except `proof_replayed` and `proof_unprovable`. */
  check(presented: PresentedProof): Outcome<{ proof: DpopProof }>
  /**
   * Uses the proof up, as the last step before the request is served. Refusals: `proof_replayed`, `proof_unprovable`, `proof_nonce`, `too_many`.
   * Rejects with `Unavailable` if the store cannot tell.
   */
  claim(proof: DpopProof): Promise<Refusal | undefined>
  /** A fresh nonce for the field `DPoP-Nonce`; undefined if nonces are not configured. */
  nonce(): string | undefined
  /** A fresh nonce if that of the proof ends soon, for the reply to a good request (RFC 9449 §8.2). */
  nonceAfter(proof: DpopProof): string | undefined
}

const maxProofBytes = 8192
/** Longest header that is remembered, and most of them: 2 MB. */
const [maxHeaderLength, maxHeaders] = [2048, 1000]
const channel = eventChannel('countersign:dpop')
const defaultAlgorithms = ['ES256', 'EdDSA', 'RS256', 'PS256'] as const

/** `Ed25519` is the fully specified name of what `EdDSA` means here (RFC 9864 §2.2). */
function acceptedAlgorithms(names: readonly Algorithm[]): readonly Algorithm[] {
  const isEdwards = (name: Algorithm): boolean => name === 'EdDSA' || name === 'Ed25519'
  return Object.freeze([...new Set(names.flatMap((name): Algorithm[] => (isEdwards(name) ? ['EdDSA', 'Ed25519'] : [name])))])
}

/** A refusal of the parser, under the reason of proofs. */
function unparsed({ reason, detail }: Refusal): Outcome<never> {
  if (reason !== 'algorithm') return malformedProof(detail)
  return { ok: false, refusal: refuse('proof_algorithm', { detail: { expected: 'an asymmetric algorithm', ...detail } }) }
}

/**
 * A checker of DPoP proofs, with the bounds of keys before the signature, and ids that are used once.
 *
 * @throws TypeError for an option that is unknown or wrong
 * @example
 * const checker = createProofChecker({ nonce: { secrets: { current: { id: '1', secret } } } })
 * const read = readProof(request)
 * const checked = read.ok ? checker.check({ proof: read.proof, method: 'POST', url: 'https://api.example/orders', accessToken, thumbprint }) : read
 * const refusal = checked.ok ? await checker.claim(checked.proof) : checked.refusal
 */
export function createProofChecker(options: ProofCheckerOptions = {}): ProofChecker {
  checkOptions<ProofCheckerOptions>('createProofChecker', options, { ...dpopShape, now: kind.func })
  const now = options.now ?? wallClock
  const algorithms = acceptedAlgorithms(options.algorithms ?? defaultAlgorithms)
  const freshness = createFreshness(options, now)
  if (options.replay === undefined && channel.hasSubscribers) channel.publish({ outcome: 'per_process' })
  const headers = createHeaderMemo(maxHeaders)
  const parsing = { maxBytes: maxProofBytes, headers }
  /** Keys that were verified, by the header that the memo holds: a client sends the same header with each proof. */
  const keys = new WeakMap<JwsHeader, UsableKey>()
  const claim = createProofClaim({
    replay: options.replay ?? memoryStores({ now }).replay,
    maxProofsPerMinute: options.maxProofsPerMinute ?? 30_000,
    hasNonces: freshness.nonces !== undefined,
    now,
  })

  function keyOf(header: JwsHeader): Outcome<{ key: PresentedKey | UsableKey }> {
    const known = keys.get(header)
    return known === undefined ? presentedKey(header) : { ok: true, key: known }
  }

  function verify(jws: Jws, presented: PresentedKey | UsableKey): Refusal | undefined {
    const usable = hasOwn(presented, 'verification') ? { ok: true as const, key: presented } : usableKey(presented, jws.header)
    if (!usable.ok) return usable.refusal
    if (!verifySignature(jws, usable.key.verification)) return refuse('proof_signature')
    if (jws.headerSegment.length <= maxHeaderLength) {
      headers.remember(jws)
      keys.set(jws.header, usable.key)
    }
    return undefined
  }

  return {
    algorithms,
    claim,
    check({ proof, thumbprint, ...request }) {
      const parsed = parseJws(proof, parsing)
      if (!parsed.ok) return unparsed(parsed.refusal)
      const { jws } = parsed
      const { alg, typ } = jws.header
      if (normalizeType(typ) !== 'dpop+jwt')
        return { ok: false, refusal: refuse('proof_type', { detail: { expected: 'dpop+jwt', received: typ ?? 'no typ' } }) }
      if (!algorithms.includes(alg))
        return { ok: false, refusal: refuse('proof_algorithm', { detail: { expected: algorithms.join(' '), received: alg } }) }
      const presented = keyOf(jws.header)
      if (!presented.ok) return presented
      const { key } = presented
      // A client without a token for this key must not cost the server a signature.
      if (thumbprint !== undefined && key.thumbprint !== thumbprint) return { ok: false, refusal: refuse('proof_other_key') }
      const read = proofClaims(jws)
      if (!read.ok) return read
      const { claims } = read
      const other = otherRequest(claims, request)
      if (other !== undefined) return { ok: false, refusal: other }
      const judged = freshness.ageOf(claims)
      if (!judged.ok) return judged
      const refusal = verify(jws, key)
      if (refusal !== undefined) return { ok: false, refusal }
      return { ok: true, proof: { ...judged.age, thumbprint: key.thumbprint, jti: claims.jti, checkedAt: now() } }
    },
    nonce: () => freshness.nonces?.issue(),
    nonceAfter: (proof) => (freshness.endsSoon(proof) ? freshness.nonces?.issue() : undefined),
  }
}
