import {
  eventChannel,
  type Now,
  type RevocationEntry,
  type RevocationQuery,
  type RevocationReason,
  type RevocationView,
} from '@countersign/core'
import { checkEntry, createDenylist } from './denylist.js'

/** Revocations of this process. */
export interface Revocations extends RevocationView {
  check(query: RevocationQuery): RevocationReason | undefined
  /** Idempotent; works from the next request on, also for tokens in caches. */
  revoke(entry: RevocationEntry): void
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
  const denylist = createDenylist(options.now ?? Date.now)
  return {
    check: denylist.check,
    revoke(entry) {
      checkEntry(entry)
      denylist.add(entry)
      events.publish({ outcome: 'revoked', type: entry.type, issuer: entry.issuer })
    },
    unrevoke(entry) {
      checkEntry(entry, true)
      denylist.drop(entry)
      events.publish({ outcome: 'unrevoked', type: entry.type, issuer: entry.issuer })
    },
  }
}
