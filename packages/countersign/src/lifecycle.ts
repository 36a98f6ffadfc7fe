import { type Endpoint, type Readiness, startRequestTimer, stopRequestTimer } from '@countersign/core'
import type { IssuerReadiness } from '@countersign/verifier'

/** All parts under their own names. Where two have one name, the one that is not ready is shown. */
export function together(found: readonly Readiness[]): IssuerReadiness {
  const entries = found.flatMap(({ parts }) => Object.entries(parts))
  const failed = entries.filter(([, { ok }]) => !ok)
  return {
    ok: found.every(({ ok }) => ok),
    parts: { ...Object.fromEntries(entries), ...Object.fromEntries(failed) },
    degraded: found.flatMap(({ degraded = [] }) => degraded),
  }
}

/** Longest wait for requests that have begun. A client that sends its request slowly does not keep a process alive. */
const drainMs = 5_000

/** Knows which requests have begun and have no reply yet. */
export interface Requests {
  counted(endpoint: Endpoint): Endpoint
  /** Resolves when all of them have one, or after 5 seconds. */
  drained(): Promise<void>
}

/** Counts the requests of endpoints. */
export function countRequests(): Requests {
  const running = new Set<Promise<unknown>>()
  return {
    counted: (endpoint) => (request) => {
      const reply = endpoint(request)
      const leave = (): void => void running.delete(reply)
      running.add(reply)
      reply.then(leave, leave)
      return reply
    },
    async drained() {
      if (running.size === 0) return
      await new Promise<void>((resolve) => {
        const timer = startRequestTimer(resolve, drainMs)
        void Promise.allSettled(running).then(() => {
          stopRequestTimer(timer)
          resolve()
        })
      })
    },
  }
}
