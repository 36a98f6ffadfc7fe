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
  revocationName,
  tieRevokeAll,
  wallClock,
} from '@countersign/core'
import { checkEntry, graceSeconds, timeOf } from './entries/entry.js'
import { createEntryNames } from './entries/entry-names.js'
import { createComparison } from './revocation-view.js'

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

/** Entries in memory. */
interface Denylist {
  check(query: RevocationQuery): RevocationReason | undefined
  add(entry: RevocationEntry): void
  /** Forgets an entry of any type. */
  drop(entry: RevocationEntry): void
}

/** With every so many entries that are added, a part of the list is swept: so it is swept once before it has grown by a half. */
const sweepEvery = 1_000
const sweptAtOnce = 20_000

/** @param now - epoch milliseconds, by which entries of single tokens are forgotten */
function createDenylist(now: Now): Denylist {
  const entries = createEntryNames()
  const state = { sinceSweep: 0, walk: entries.walk(['jti', 'family']) }

  function sweep(ended: number): void {
    state.sinceSweep = 0
    for (let n = 0; n < sweptAtOnce; n += 1) {
      const { value: one, done } = state.walk.next()
      if (done === true) {
        state.walk = entries.walk(['jti', 'family'])
        return
      }
      if (one.value < ended) entries.delete(one.type, one.issuer, one.name)
    }
  }

  return {
    check: createComparison({ ...entries, timeOf: (time) => time }),
    add(entry) {
      const { type, issuer } = entry
      const name = revocationName(entry)
      entries.set({ type, issuer, name, value: Math.max(timeOf(entry), entries.get(type, issuer, name) ?? Number.NEGATIVE_INFINITY) })
      state.sinceSweep += 1
      if (state.sinceSweep >= sweepEvery) sweep(now() / 1000 - graceSeconds)
    },
    drop: (entry) => entries.delete(entry.type, entry.issuer, revocationName(entry)),
  }
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
