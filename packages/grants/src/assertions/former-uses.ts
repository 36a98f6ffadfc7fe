import type { Now, ReplayClaim, ReplayStore } from '@countersign/core'

/** One JWT of a client may be used once, for one of its possible uses. */
export const clientJwt = 'client_jwt'

/** What a release before this one remembered a JWT under: by what it was used for. */
const formerPurposes: readonly string[] = ['client_assertion', 'jwt_bearer', 'subject_token']

/** Servers of two releases run side by side for at least as long as this may take. */
const upgradeMs = 600_000

/**
 * The stores, with uses that servers of the release before this one know of, and can see. While both run, a JWT that one of them has
 * taken is not taken by the other. That lasts ten minutes from the start of this process, and one life of the JWT if that is longer.
 */
export function withFormerUses<S extends { readonly replay: ReplayStore }>(stores: S, now: Now): S {
  const startedAt = now()

  /** The first use at either release: this one is asked first, so that two of its servers never meet at the former keys. */
  async function claim(claimed: ReplayClaim): Promise<Awaited<ReturnType<ReplayStore['claim']>>> {
    const { replay } = stores
    const verdict = await replay.claim(claimed)
    const lifeMs = claimed.issuedAgoMs + claimed.ttlMs
    if (verdict !== 'claimed' || claimed.purpose !== clientJwt || now() - startedAt > Math.max(upgradeMs, lifeMs)) return verdict
    const former = await Promise.all(formerPurposes.map((purpose) => replay.claim({ ...claimed, purpose })))
    return former.find((one) => one !== 'claimed') ?? 'claimed'
  }

  async function undo(claimed: Pick<ReplayClaim, 'purpose' | 'id'>, callId: string): Promise<boolean> {
    const { replay } = stores
    const purposes = claimed.purpose === clientJwt ? formerPurposes : []
    await Promise.all(purposes.map((purpose) => replay.undo({ id: claimed.id, purpose }, callId)))
    return replay.undo(claimed, callId)
  }

  return Object.create(stores, { replay: { value: { claim, undo }, enumerable: true } }) as S
}
