import { type Elapsed, type Instant, startRequestTimer } from '@countersign/core'

/** The limits on loads that tokens with unknown kids cause: anybody can send such tokens. */
export interface UnknownKidLimits {
  /** A place in the queue of requests that wait. `'missing'`: a recent load did not find the kid. `'full'`: the queue is full. */
  enter(kid: string): WaitingPlace | 'missing' | 'full'
  /** The kid was missing from a set that was loaded after the request for it. */
  remember(kid: string): void
  /** The set changed: every kid may cause a load again. */
  clear(): void
}

/** One request that waits for a load. */
export interface WaitingPlace {
  /** `'load'`: the caller must load now. A promise: it must look again after that. Undefined: its time is up, and nobody looked. */
  turn(): 'load' | Promise<void> | undefined
  leave(): void
}

/** A kid that no load could look for may be tried again after this time: by then the next load is permitted. */
export const askAgainSeconds = 2

const missingForMs = 5000
const missingKids = 1000
const waitingPlaces = 1000
const loadEveryMs = 2000
const burst = 2
/** A little more than the time between two loads, so that a timer that fires late does not turn the last waiter away. */
const longestWaitMs = loadEveryMs + 250

/** Burst 2, then one load per 2 s. Intervals are measured on the monotonic clock. */
export function createUnknownKidLimits(elapsed: Elapsed): UnknownKidLimits {
  const missing = new Map<string, Instant>()
  const state = { waiting: 0, tokens: burst, filledAt: performance.now(), pause: undefined as Promise<void> | undefined }

  function msUntilToken(): number {
    const time = performance.now()
    const filled = Math.floor((time - state.filledAt) / loadEveryMs)
    if (filled > 0) {
      state.tokens = Math.min(burst, state.tokens + filled)
      state.filledAt = state.tokens === burst ? time : state.filledAt + filled * loadEveryMs
    }
    return state.tokens > 0 ? 0 : state.filledAt + loadEveryMs - time
  }

  function pause(ms: number): Promise<void> {
    const { filledAt } = state
    // Not unref'd: somebody waits for it, and it is short.
    state.pause ??= new Promise<void>((resolve) => {
      startRequestTimer(resolve, ms)
    }).then(() => {
      state.pause = undefined
      // The pause was as long as it is on Node's own clock. Without this, requests would wait for ever where a test holds the other one.
      // A newcomer may have taken the token already, where the timer was late: it must not be there twice.
      if (state.filledAt === filledAt) state.filledAt = Math.min(filledAt, performance.now() - loadEveryMs)
    })
    return state.pause
  }

  function place(): WaitingPlace {
    const until = performance.now() + longestWaitMs
    state.waiting += 1
    return {
      turn() {
        const ms = msUntilToken()
        if (ms > 0) return performance.now() + ms > until ? undefined : pause(Math.ceil(ms))
        if (state.tokens === burst) state.filledAt = performance.now()
        state.tokens -= 1
        return 'load'
      },
      leave() {
        state.waiting -= 1
      },
    }
  }

  return {
    enter(kid) {
      const since = missing.get(kid)
      if (since && elapsed.msSince(since) < missingForMs) return 'missing'
      if (since) missing.delete(kid)
      return state.waiting < waitingPlaces ? place() : 'full'
    },
    remember(kid) {
      const oldest = missing.size >= missingKids ? missing.keys().next() : undefined
      if (oldest && !oldest.done) missing.delete(oldest.value)
      missing.set(kid, elapsed.read())
    },
    clear() {
      missing.clear()
    },
  }
}
