import type { RevocationEntry, RevocationView } from './revocation.js'
import type { RevocationAddition } from './revocation-store.js'

/** How an entry is announced. */
export interface PublishOptions {
  /** Milliseconds for which it counts; undefined: as long as a token can live that it ends. */
  readonly ttlMs?: number | undefined
  /** `true` takes an earlier entry back. */
  readonly reinstated?: boolean | undefined
}

/**
 * Where the end of something is announced. What `createSharedRevocations` gives is one: an entry then counts for the very next
 * request of this process, and in all others as soon as they learn of it. A `RevocationStore` is one, too: it has no view, so an
 * entry counts in this process only when a view has read it.
 */
export interface RevocationPublisher extends Partial<RevocationView> {
  /** Announces an entry to all processes. Idempotent; done when every process can learn of it. */
  revoke(entry: RevocationEntry, options?: PublishOptions): unknown
  /**
   * Announces several entries together, all of them or none. It is called only if `tieRevokeAll` tied it to the `revoke` beside it;
   * otherwise `revoke` is called for each entry.
   */
  revokeAll?(entries: readonly RevocationAddition[]): unknown
  /** False if `subjectNotBefore` has no store: then only entries of the denylist end what a subject began, and they are forgotten. */
  readonly keepsSubjects?: boolean
  /**
   * What a subject began until this instant has ended, in epoch seconds; undefined: nothing was ended. It is kept for as long as
   * anything lives that was begun. Rejects with `Unavailable` in an outage.
   */
  subjectNotBefore?(whose: { readonly issuer: string; readonly subject: string }): Promise<number | undefined>
}
