import {
  checkOptions,
  eventChannel,
  kind,
  type Now,
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
import { checkEntry, createDenylist } from './view/denylist.js'

/** Revocations of this process. */
export interface Revocations extends RevocationView, RevocationPublisher {
  check(query: RevocationQuery): RevocationReason | undefined
  /**
   * Idempotent; works from the next request on, also for tokens in caches.
   * @param options - `reinstated` as `reinstate`
   */
  revoke(entry: RevocationEntry, options?: PublishOptions): void
  /** The same for several entries: all of them count, or none. */
  revokeAll(entries: readonly RevocationAddition[]): void
  /** Takes an entry back. Keys stay revoked for ever: throws TypeError for them. */
  reinstate(entry: RevocationEntry): void
}

const events = eventChannel('countersign:revocation')

/**
 * A denylist in this process. Give it to every guard of the process.
 *
 * @param options - `now` gives cursor milliseconds
 */
export function createRevocations(options: { readonly now?: Now } = {}): Revocations {
  checkOptions<typeof options>('createRevocations', options, { now: kind.func })
  const denylist = createDenylist(options.now ?? wallClock)

  function reinstate(entry: RevocationEntry): void {
    checkEntry(entry, true)
    denylist.drop(entry)
    events.publish({ outcome: 'unrevoked', type: entry.type, issuer: entry.issuer })
  }

  function revoke(entry: RevocationEntry, { reinstated = false }: PublishOptions = {}): void {
    if (reinstated) {
      reinstate(entry)
      return
    }
    checkEntry(entry)
    denylist.add(entry)
    events.publish({ outcome: 'revoked', type: entry.type, issuer: entry.issuer })
  }

  return tieRevokeAll({
    check: denylist.check,
    revoke,
    revokeAll(entries) {
      for (const { entry, reinstated } of entries) checkEntry(entry, reinstated)
      for (const { entry, reinstated = false } of entries) revoke(entry, { reinstated })
    },
    reinstate,
  })
}
