import type { StoreCall } from './call.js'
import type { WriteCheck } from './write-check.js'

/** A family of refresh tokens that began with one sign-in. The store holds a generation number, no tokens. */
export interface RefreshFamily {
  /** The client, and everything else that each token of the family is bound to. Compared by equality. */
  readonly binding: string
  /** What the grants need at every use: subject, scope, how the person signed in. Opaque to the store. */
  readonly data: string
  /** Of the newest token; the first is 0. */
  readonly generation: number
  /** Why it ended, if it did. */
  readonly revoked: string | undefined
}

/** What {@link RefreshFamilyStore.rotate} is told. */
export interface RotationRequest extends StoreCall {
  readonly family: string
  /** Of the presented token, whose MAC was checked. */
  readonly generation: number
  readonly binding: string
  /** How long a request whose answer was lost may be repeated, from the first rotation on; 0: never. */
  readonly retryWindowMs: number
  /** New time to live of the family; absent: it keeps the one that it has. */
  readonly ttlMs?: number | undefined
  /** Goes on from a generation that is beyond the store's instead of answering `ahead`. */
  readonly heal?: boolean | undefined
}

/** What came of presenting a token. `generation` is that of the token to answer with. */
export type Rotation =
  | { readonly outcome: 'rotated' | 'retry'; readonly generation: number; readonly data: string }
  /** The family had ended before. */
  | { readonly outcome: 'revoked'; readonly reason: string }
  /** `reused` ended the family; `mismatch`: another binding; `ahead`: the store lost writes; `gone`: expired or never there. */
  | { readonly outcome: 'reused' | 'mismatch' | 'ahead' | 'gone' }

/** A family that begins. */
export interface NewFamily extends StoreCall {
  readonly family: string
  readonly binding: string
  readonly data: string
  readonly ttlMs: number
}

/** Families of refresh tokens. */
export interface RefreshFamilyStore extends WriteCheck {
  /** @throws Error if the family exists, TypeError for a duration that is not positive */
  create(family: NewFamily): Promise<void>
  /** One atomic step; a rejection is an outage and has changed nothing or everything. */
  rotate(request: RotationRequest): Promise<Rotation>
  /** Ends a family for good. False if it had ended before or is not there. */
  revoke(family: string, reason: string, call?: StoreCall): Promise<boolean>
  /**
   * Takes a creation or a rotation back: the family is as it was before. Only while that call is the last of the family, so not
   * after another rotation or a `retry`; what ended a family stays.
   * @returns true if the call is taken back, now or before
   */
  undo(family: string, callId: string): Promise<boolean>
  /** For introspection. */
  find(family: string): Promise<RefreshFamily | undefined>
}
