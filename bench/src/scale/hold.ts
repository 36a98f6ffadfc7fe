/** The longest time for which this process did not come back to its event loop. */
export interface HoldMeter {
  /** Begins anew. */
  reset(): void
  longestMs(): number
  stop(): void
}

/**
 * Looks at the clock in a timer of one millisecond. What counts is the time on the processor between two looks, which is at most what the clock says:
 * while another process runs, this one holds nothing. Collections and the driver's work count.
 */
export function holdMeter(): HoldMeter {
  const state = { longest: 0, at: performance.now(), cpu: process.cpuUsage() }

  function look(): void {
    const { user, system } = process.cpuUsage(state.cpu)
    const now = performance.now()
    state.longest = Math.max(state.longest, Math.min(now - state.at, (user + system) / 1_000))
    state.at = now
    state.cpu = process.cpuUsage()
  }

  const timer = setInterval(look, 1)
  return {
    reset() {
      look()
      state.longest = 0
    },
    longestMs() {
      look()
      return state.longest
    },
    stop: () => clearInterval(timer),
  }
}
