import type { Instant, KeySet } from '@countersign/core'
import type { KeyLoading } from './key-loading.js'
import type { RefreshOptions } from './refresh-options.js'

/** Bad signatures cause at most one load in this time, however many there are. */
const loadEveryMs = 60_000

/**
 * Loads in the background when a set is in doubt: the issuer may have put a new key under an old name, or a new key without a
 * name. Anybody can send a bad signature, so these loads have a limit of their own, a young set is never in doubt, and nobody waits.
 *
 * @returns a function that is told which set is in doubt
 */
export function createDoubts(loading: KeyLoading, times: Required<RefreshOptions>): (set: KeySet) => void {
  const state = { loadedAt: undefined as Instant | undefined }
  return (set) => {
    if (set !== loading.set() || loading.ageMs() < times.minCacheSeconds * 1000) return
    if (loading.inFlight() !== undefined || loading.pauseLeftMs() > 0) return
    if (state.loadedAt !== undefined && loading.elapsed.msSince(state.loadedAt) < loadEveryMs) return
    state.loadedAt = loading.elapsed.read()
    void loading.refresh()
  }
}
