import {
  checkOptions,
  type Lifecycle,
  mathRandom,
  type PublishOptions,
  type RevocationAddition,
  type RevocationEntry,
  type RevocationPublisher,
  type RevocationQuery,
  type RevocationReason,
  type RevocationView,
  tieRevokeAll,
  wallClock,
} from '@countersign/core'
import { createSyncedCopy } from './copy/synced-copy.js'
import { createRevocationPublisher } from './revocation-publisher.js'
import { createRevocationView } from './revocation-view.js'
import { type SharedRevocationsOptions, sharedRevocationsShape } from './shared-revocations-options.js'
import { createSubjectStatus } from './subject-status.js'

/**
 * A denylist that every process shares. One for a process is handed to all that ends something or has to know what has ended:
 * guards, clients, keys, endpoints. Reading needs read access only.
 */
export interface SharedRevocations extends RevocationView, RevocationPublisher, Lifecycle {
  check(query: RevocationQuery): RevocationReason | undefined | Promise<RevocationReason | undefined>
  /**
   * Announces an entry to all processes; resolves when the store has it, and counts in this process from then on. Idempotent.
   * @param options - `reinstated` as `reinstate`; how long an entry is kept follows from the entry
   */
  revoke(entry: RevocationEntry, options?: PublishOptions): Promise<void>
  /** The same for up to 1,000 entries in one call of the store: all of them count, or none. */
  revokeAll(entries: readonly RevocationAddition[]): Promise<void>
  /** Takes an entry back. Rejects with TypeError for keys: they stay revoked for ever. */
  reinstate(entry: RevocationEntry): Promise<void>
  /** Ends readings. From then on `check` throws `Unavailable` with every `onStale`; what is known to be revoked stays so. Close the HTTP server first. */
  close(): Promise<void>
  /** Whether there is a store of `subjects`. */
  readonly keepsSubjects: boolean
  subjectNotBefore(whose: { readonly issuer: string; readonly subject: string }): Promise<number | undefined>
}

/**
 * A view of a shared denylist: pushed where the store can, polled always, complete again after a loss.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function createSharedRevocations(options: SharedRevocationsOptions): SharedRevocations {
  checkOptions('createSharedRevocations', options, sharedRevocationsShape)
  const {
    store,
    maxStalenessSeconds,
    pollSeconds = 1,
    maxTokenLifetimeSeconds = 30 * 86_400,
    now = wallClock,
    random = mathRandom,
  } = options
  if (pollSeconds >= maxStalenessSeconds)
    throw new TypeError(
      `createSharedRevocations: pollSeconds must be less than maxStalenessSeconds (${maxStalenessSeconds}), got ${pollSeconds}`,
    )
  const subjects = options.subjects && createSubjectStatus(options.subjects)
  const copy = createSyncedCopy({ store, pollSeconds, now, random })
  const view = createRevocationView({ ...options, copy, pollSeconds })
  const publisher = createRevocationPublisher({ store, subjects, copy, maxTokenLifetimeSeconds, now })
  const close = async (): Promise<void> => copy.close()
  return tieRevokeAll({
    check: view.check,
    revoke: publisher.revoke,
    revokeAll: publisher.revokeAll,
    reinstate: publisher.reinstate,
    keepsSubjects: subjects !== undefined,
    subjectNotBefore: subjects ? subjects.find : async () => undefined,
    ready: view.ready,
    close,
    [Symbol.asyncDispose]: close,
  })
}
