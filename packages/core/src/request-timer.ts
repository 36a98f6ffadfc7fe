import { clearTimeout as clearHostTimeout, setTimeout as setHostTimeout } from 'node:timers'

/**
 * A timer that a request waits for. It belongs to Node itself: fake timers of a test runner replace the global `setTimeout`,
 * and without this a request would wait until the test moves the time.
 *
 * @param milliseconds - until `work` is called
 */
export function startRequestTimer(work: () => void, milliseconds: number): NodeJS.Timeout {
  return setHostTimeout(work, milliseconds)
}

/** Stops a timer of {@link startRequestTimer}. Undefined is ignored. */
export function stopRequestTimer(timer: NodeJS.Timeout | undefined): void {
  clearHostTimeout(timer)
}
