import { type DocumentStore, kind, type Now, type OptionKind, type OptionShape, type RevocationStore } from '@countersign/core'

/** What happens to a token when the view is older than it may be and the store is out of reach: 503, or a pass with an alarm event. */
export type OnStale = 'refuse' | 'allow' | { readonly allowTokenLifetimeUnderSeconds: number }

/** Options of `createSharedRevocations`. */
export interface SharedRevocationsOptions {
  readonly store: RevocationStore
  /**
   * Where the end of a subject is kept for as long as its refresh tokens may live, for instance `stores.accounts`.
   * @defaultValue nowhere: what a subject began before it was revoked ends only while the denylist has the entry
   */
  readonly subjects?: DocumentStore
  /** How old the view may grow before `onStale` decides. 5 to 60 are sensible. */
  readonly maxStalenessSeconds: number
  /** The choice between availability and safety in an outage of the store. */
  readonly onStale: OnStale
  /**
   * Other choices for single issuers: by the name of their entry in a guard, or by their `iss`, which counts wherever their tokens are
   * judged, before they are issued too.
   */
  readonly issuers?: Readonly<Record<string, OnStale>>
  /** `strong` asks the store on every request, and refuses with 503 while it is out of reach. @defaultValue `'eventual'` */
  readonly consistency?: 'eventual' | 'strong'
  /**
   * What happens to tokens issued before the store's memory begins, which may have been revoked then. `allow` is for a store that is new
   * beside tokens that are not. @defaultValue `'refuse'`
   */
  readonly onUnknownPast?: 'refuse' | 'allow'
  /** How often the store is asked. @defaultValue 1 */
  readonly pollSeconds?: number
  /** Longest life of a token; how long a subject's revocation is kept. @defaultValue 2592000 (30 days) */
  readonly maxTokenLifetimeSeconds?: number
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
  /** A number from 0 to 1 that spreads the reads of a fleet. @defaultValue `Math.random` */
  readonly random?: () => number
}

const stale: OptionKind = kind.either(
  kind.oneOf('refuse', 'allow'),
  kind.members<Exclude<OnStale, string>>({ allowTokenLifetimeUnderSeconds: kind.required(kind.positiveSeconds) }),
)

/** What each of the options of `createSharedRevocations` must be, for a factory that hands them on. */
export const sharedRevocationsShape: OptionShape<SharedRevocationsOptions> = {
  store: kind.required(
    kind.having('a RevocationStore, for instance stores.revocations', 'revoke', 'since', 'cursor', 'compare', 'subscribe'),
  ),
  subjects: kind.having('a DocumentStore, for instance stores.accounts', 'get', 'put', 'remove', 'list'),
  maxStalenessSeconds: kind.required(kind.positiveSeconds),
  onStale: kind.required(stale),
  issuers: kind.recordOf(stale),
  consistency: kind.oneOf('eventual', 'strong'),
  onUnknownPast: kind.oneOf('refuse', 'allow'),
  pollSeconds: kind.number({ unit: 'seconds', isAbove: true, most: 3600 }),
  maxTokenLifetimeSeconds: kind.positiveSeconds,
  now: kind.func,
  random: kind.func,
}
