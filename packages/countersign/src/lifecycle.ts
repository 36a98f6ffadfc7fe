import { setTimeout as wait } from 'node:timers/promises'
import type { Endpoint, Readiness } from '@countersign/core'
import type { IssuerReadiness } from '@countersign/verifier'

/** All parts under their own names. Where two have one name, the one that is not ready is shown. */
export function together(found: readonly Readiness[]): IssuerReadiness {
  const entries = found.flatMap(({ parts }) => Object.entries(parts))
  const failed = entries.filter(([, { ok }]) => !ok)
  return {
    ok: found.every(({ ok }) => ok),
    parts: Object.fromEntries([...entries, ...failed]),
    degraded: found.flatMap(({ degraded = [] }) => degraded),
  }
}

/** Longest wait for requests that have begun. A client that sends its request slowly does not keep a process alive. */
const drainMs = 5_000

/** Knows which requests have begun and have no reply yet. */
export interface Requests {
  counted(endpoint: Endpoint): Endpoint
  /** Resolves when all of them have one, or after 5 seconds. */
  drained(): Promise<unknown>
}

/**
 * Counts the requests of endpoints.
 *
 * @param started - what the first requests wait for
 */
export function countRequests(started: Promise<unknown>): Requests {
  const state = { running: 0, drained: (): void => undefined }
  return {
    counted: (endpoint) => async (request) => {
      state.running += 1
      try {
        await started
        return await endpoint(request)
      } finally {
        state.running -= 1
        if (state.running === 0) state.drained()
      }
    },
    async drained() {
      const idle = new Promise<void>((resolve) => Object.assign(state, { drained: resolve }))
      if (state.running > 0) await Promise.race([idle, wait(drainMs, undefined, { ref: false })])
    },
  }
}
