import { clearTimeout, setTimeout } from 'node:timers'

/** Sweeps at intervals, once for all stores on one connection. */
export interface SweepTimer {
  /** @returns ends the wish for this interval */
  join(everySeconds: number, sweep: (signal: AbortSignal) => Promise<unknown>): () => void
  /** What the last sweep failed with, if it did. */
  failure(): unknown
}

/** A sweep is for all tenants of a file, so one timer is enough. It keeps no process alive. */
export function createSweepTimer(): SweepTimer {
  const plans = new Map<symbol, { readonly everySeconds: number; readonly sweep: (signal: AbortSignal) => Promise<unknown> }>()
  const state: { timer: NodeJS.Timeout | undefined; running: AbortController | undefined; failure: unknown } = {
    timer: undefined,
    running: undefined,
    failure: undefined,
  }

  async function once(sweep: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    const running = new AbortController()
    state.running = running
    state.failure = await sweep(running.signal).then(
      () => undefined,
      (cause: unknown) => cause,
    )
    state.running = undefined
    schedule()
  }

  /** The shortest of the intervals holds. */
  function schedule(): void {
    clearTimeout(state.timer)
    const [next] = [...plans.values()].sort((a, b) => a.everySeconds - b.everySeconds)
    if (next === undefined || state.running !== undefined) return
    state.timer = setTimeout(() => void once(next.sweep), next.everySeconds * 1_000).unref()
  }

  return {
    join(everySeconds, sweep) {
      const id = Symbol('plan')
      plans.set(id, { everySeconds, sweep })
      schedule()
      return () => {
        plans.delete(id)
        if (plans.size === 0) state.running?.abort(new Error('these stores are closed'))
        schedule()
      }
    },
    failure: () => state.failure,
  }
}
