import type { Reason, RefusalDetail } from './refusal.js'

/** A guard in shadow mode was compared with the guard that decides. Every text has at most 200 characters. */
export interface ShadowEvent {
  /** The method, and the pattern of the route where the framework knows it; else the path, in which values are `:value`. */
  readonly route: string
  /** The name of the issuer entry, where the token names a trusted issuer. */
  readonly via: string | undefined
  /** The exact `iss`; of a refused token it is not verified. */
  readonly issuer: string | undefined
  /** What the deciding guard did; undefined if that is not known, or if it was not asked because the new guard was enforced. */
  readonly old: 'admitted' | 'refused' | undefined
  /**
   * What the new guard would do. `unavailable`: it would answer 503. `failed`: a requirement threw. `skipped`: too many requests waited for it, or a
   * source of opaque tokens would have to be asked.
   */
  readonly new: 'admitted' | 'refused' | 'unavailable' | 'failed' | 'skipped'
  /** Why the new guard does not admit the request. */
  readonly reason: Reason | undefined
  readonly detail: RefusalDetail | undefined
  /** Whether `old` and `new` differ. */
  readonly isDifferent: boolean
  /** Whether the new guard decided: this request was chosen by `enforce`. */
  readonly isEnforced: boolean
  /** What a requirement threw, if `new` is `failed`. */
  readonly cause?: unknown
}
