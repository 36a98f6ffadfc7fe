import type { PostgresPool } from '../connection/driver.js'

/** Sweeps at intervals, on behalf of one store. */
export interface SweepTimer {
  /** What the last sweep failed with, if it did. */
  failure(): unknown
  close(): void
}

/** What a store asks for. */
export interface SweepPlan {
  readonly everySeconds: number
  /** Sweeps all tenants, until the signal. */
  readonly sweep: (signal: AbortSignal) => Promise<unknown>
}

interface Sweeping {
  join(plan: SweepPlan): SweepTimer
}

/** A sweep is for all tenants of a schema, so one timer is enough for all stores. It keeps no process alive. */
function createSweeping(pool: PostgresPool, whenLeft: () => void): Sweeping {
  const plans = new Map<symbol, SweepPlan>()
  const state: { timer: NodeJS.Timeout | undefined; running: AbortController | undefined; sweptAt: number; failure: unknown } = {
    timer: undefined,
    running: undefined,
    sweptAt: performance.now(),
    failure: undefined,
  }

  async function once({ sweep }: SweepPlan): Promise<void> {
    const running = new AbortController()
    state.running = running
    state.failure = await sweep(running.signal).then(
      () => undefined,
      (cause: unknown) => cause,
    )
    state.running = undefined
    state.sweptAt = performance.now()
    schedule()
  }

  /** The shortest of the intervals holds. A pool that ends never opens again. */
  function schedule(): void {
    clearTimeout(state.timer)
    const [first, ...others] = plans.values()
    if (first === undefined || state.running !== undefined || pool.ending === true) return
    const next = others.reduce((soonest, plan) => (plan.everySeconds < soonest.everySeconds ? plan : soonest), first)
    const waitMs = state.sweptAt + next.everySeconds * 1_000 - performance.now()
    state.timer = setTimeout(() => void once(next), Math.max(0, waitMs)).unref()
  }

  function leave(plan: symbol): void {
    if (!plans.delete(plan)) return
    schedule()
    if (plans.size > 0) return
    state.running?.abort(new Error('these stores are closed'))
    whenLeft()
  }

  return {
    join(plan) {
      const id = Symbol('plan')
      plans.set(id, plan)
      schedule()
      return { failure: () => state.failure, close: () => leave(id) }
    },
  }
}

/** Sweeps are per pool and schema, like the connection that listens. */
const shared = new WeakMap<PostgresPool, Map<string, Sweeping>>()

/** Sweeps a schema at intervals, once for all stores on the same pool. */
export function sweepEvery(pool: PostgresPool, schema: string, plan: SweepPlan): SweepTimer {
  const ofPool = shared.get(pool) ?? new Map<string, Sweeping>()
  shared.set(pool, ofPool)
  const sweeping = ofPool.get(schema) ?? createSweeping(pool, () => ofPool.delete(schema))
  ofPool.set(schema, sweeping)
  return sweeping.join(plan)
}
