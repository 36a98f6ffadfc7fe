import { clearTimeout as clearHostTimeout, setTimeout as setHostTimeout } from 'node:timers'

/** Node's own clock. Fake timers of a test runner cannot replace it later. */
const steadyNs = process.hrtime.bigint

/** Milliseconds on Node's own monotonic clock, counted from some instant in the past. */
export const steadyMs = (): number => Number(steadyNs()) / 1e6

/**
 * A timer that a request waits for. It belongs to Node itself: fake timers of a test runner replace the global `setTimeout`,
 * and without this a request would wait until the test moves the time. It never fires early: Node rounds to
 * whole milliseconds, and what a call gives up must not be in time at a server.
 *
 * @param milliseconds - until `work` is called
 */
export function startRequestTimer(work: () => void, milliseconds: number): NodeJS.Timeout {
  const due = steadyNs() + BigInt(Math.ceil(milliseconds * 1e6))
  const fire = (): void => {
    const leftMs = Number(due - steadyNs()) / 1e6
    if (leftMs > 0) setHostTimeout(fire, Math.ceil(leftMs))
    else work()
  }
  return setHostTimeout(fire, milliseconds)
}

/** Stops a timer of {@link startRequestTimer}. Undefined is ignored. */
export function stopRequestTimer(timer: NodeJS.Timeout | undefined): void {
  clearHostTimeout(timer)
}
