import { setTimeout as wait } from 'node:timers/promises'
import type { Endpoint, Lifecycle } from '@countersign/core'

/** Longest wait for requests that have begun. A client that sends its request slowly does not keep a process alive. */
const drainMs = 5_000

/** Knows which requests have begun and have no reply yet. */
export interface Requests {
  counted(endpoint: Endpoint): Endpoint
  /** Resolves when all of them have one and the server has started, or after 5 seconds. */
  drained(started: Promise<unknown>): Promise<unknown>
}

/** Counts the requests of endpoints. */
export function countRequests(): Requests {
  const state = { running: 0, drained: (): void => undefined }
  return {
    counted: (endpoint) => async (request) => {
      state.running += 1
      try {
        return await endpoint(request)
      } finally {
        state.running -= 1
        if (state.running === 0) state.drained()
      }
    },
    drained(started) {
      const idle = state.running === 0 || new Promise<void>((resolve) => Object.assign(state, { drained: resolve }))
      return Promise.race([Promise.all([started, idle]), wait(drainMs, undefined, { ref: false })])
    },
  }
}

/** Closes one part after the other, each of them. Rejects with the first error. */
export async function closeEach(parts: readonly Pick<Lifecycle, 'close'>[]): Promise<void> {
  const errors: unknown[] = []
  for (const part of parts) await (async () => part.close())().catch((error: unknown) => errors.push(error))
  if (errors.length > 0) throw errors[0]
}
