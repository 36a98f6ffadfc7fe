import { createSingleFlight } from './single-flight.js'

/** What a store may have beside its operations. */
export interface WriteCheck {
  /**
   * Resolves if the store takes writes now, and rejects with `Unavailable` if not; its `cause` says why. One bounded round trip, which all who
   * ask at the same time share. It may return the result of the last try, see {@link createWriteCheck}. Where it is absent, nothing is checked.
   */
  checkWrites?(): Promise<void>
}

const atOnce = 10
const refillMs = 1_000

/** Ten times at once, then once a second. */
function createTries(): () => boolean {
  const state = { left: atOnce, at: performance.now() }
  return () => {
    const now = performance.now()
    state.left = Math.min(atOnce, state.left + (now - state.at) / refillMs)
    state.at = now
    if (state.left < 1) return false
    state.left -= 1
    return true
  }
}

/**
 * A {@link WriteCheck} for an adapter. Who asks at the same time shares one question. Anybody may ask for readiness, and a flood of questions must
 * not become a flood of writes: a write is tried ten times at once, then once a second.
 *
 * @param ask - asks the store, in one bounded round trip. With `true` it tries a write that changes nothing; with `false` it tells what the last
 *   try came to
 * @example
 * const tried: boolean[] = []
 * const checkWrites = createWriteCheck(async (mayWrite) => {
 *   tried.push(mayWrite)
 * })
 * await Promise.all([checkWrites(), checkWrites()])
 * console.log(tried) // → [true]
 */
export function createWriteCheck(ask: (mayWrite: boolean) => Promise<void>): () => Promise<void> {
  const mayWrite = createTries()
  return createSingleFlight(() => ask(mayWrite())).join
}
