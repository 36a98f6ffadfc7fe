import type { Elapsed, Instant, KeySet, RefreshedCopy } from '@countersign/core'
import type { RefreshOptions } from './refresh-options.js'

/** Bad signatures cause at most one load in this time, however many there are. */
const loadEveryMs = 60_000

/**
 * Loads in the background when a set is in doubt: the issuer may have put a new key under an old name, or a new key without a
 * name. Anybody can send a bad signature, so these loads have a limit of their own, a young set is never in doubt, and nobody waits.
 *
 * @returns a function that is told which set is in doubt
 */
export function createDoubts(copy: RefreshedCopy<KeySet>, elapsed: Elapsed, times: Required<RefreshOptions>): (set: KeySet) => void {
  const state = { loadedAt: undefined as Instant | undefined }
  return (set) => {
    if (set !== copy.latest() || copy.ageMs() < times.minCacheSeconds * 1000) return
    if (copy.underWay() !== undefined || copy.pauseLeftMs() > 0) return
    if (state.loadedAt !== undefined && elapsed.msSince(state.loadedAt) < loadEveryMs) return
    state.loadedAt = elapsed.read()
    void copy.refresh()
  }
}
