import {
  type AnnounceOptions,
  checkOptions,
  eventChannel,
  kind,
  type Now,
  type RevocationAddition,
  type RevocationAnnouncer,
  type RevocationEntry,
  type RevocationQuery,
  type RevocationReason,
  type RevocationView,
  tieRevokeAll,
  wallClock,
} from '@countersign/core'
import { checkEntry, createDenylist } from './view/denylist.js'

/** Revocations of this process. */
export interface Revocations extends RevocationView, RevocationAnnouncer {
  check(query: RevocationQuery): RevocationReason | undefined
  /**
   * Idempotent; works from the next request on, also for tokens in caches.
   * @param options - `undone` as `unrevoke`
   */
  revoke(entry: RevocationEntry, options?: AnnounceOptions): void
  /** The same for several entries: all of them count, or none. */
  revokeAll(entries: readonly RevocationAddition[]): void
  /** Takes an entry back. Keys stay revoked for ever: throws TypeError for them. */
  unrevoke(entry: RevocationEntry): void
}

const events = eventChannel('countersign:revocation')

/**
 * A denylist in this process. Give it to every guard of the process.
 *
 * @param options - `now` gives epoch milliseconds
 */
export function createRevocations(options: { readonly now?: Now } = {}): Revocations {
  checkOptions<typeof options>('createRevocations', options, { now: kind.func })
  const denylist = createDenylist(options.now ?? wallClock)

  function unrevoke(entry: RevocationEntry): void {
    checkEntry(entry, true)
    denylist.drop(entry)
    events.publish({ outcome: 'unrevoked', type: entry.type, issuer: entry.issuer })
  }

  function revoke(entry: RevocationEntry, { undone = false }: AnnounceOptions = {}): void {
    if (undone) {
      unrevoke(entry)
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
      for (const { entry, undone } of entries) checkEntry(entry, undone)
      for (const { entry, undone = false } of entries) revoke(entry, { undone })
    },
    unrevoke,
  })
}
