import type { StoreCall } from './call.js'
import type { WriteCheck } from './write-check.js'

/** What {@link ReplayStore.claim} is told. */
export interface ReplayClaim extends StoreCall {
  /** What the id is used for, for instance `private_key_jwt`: ids of two purposes never meet. */
  readonly purpose: string
  /** The id within the purpose; it names its issuer where ids of several issuers could be equal. */
  readonly id: string
  /**
   * The longest time ago, in milliseconds, that the thing may have been issued: `now - iat` of the caller's clock plus the
   * tolerance that it grants. A duration, so that no clock but the store's decides.
   */
  readonly issuedAgoMs: number
  /** How long the id has to be remembered, in milliseconds: until the thing has expired everywhere. */
  readonly ttlMs: number
}

/** `unprovable`: it was issued before the store's memory begins, so whether it was used cannot be told. */
export type ReplayVerdict = 'claimed' | 'replayed' | 'unprovable'

/** Ids that may be used once. */
export interface ReplayStore extends WriteCheck {
  /**
   * Claims an id; exactly one call gets `claimed`. It gets that again whenever it is sent again with its call id, for as long as the
   * id is remembered and the claim is not taken back.
   * @throws TypeError for a duration that is not positive; any other rejection is an outage
   */
  claim(claim: ReplayClaim): Promise<ReplayVerdict>
  /**
   * Takes a claim back: the id may be claimed again.
   * @param callId - of the call that was answered `claimed`
   * @returns true if that call is taken back, now or before; false if it is not the one that claimed the id
   */
  undo(claim: Pick<ReplayClaim, 'purpose' | 'id'>, callId: string): Promise<boolean>
}
