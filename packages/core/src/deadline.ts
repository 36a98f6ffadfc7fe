import { clearTimeout as clearHostTimeout, setTimeout as setHostTimeout } from 'node:timers'
import { wallClock } from './clock.js'
import { steadyMs } from './request-timer.js'

/** The end of the time that another system has for one answer. */
export interface Deadline {
  /**
   * Whether this process stood still for a second or more while it waited: it was stopped (SIGSTOP), frozen (as between two calls of a
   * Lambda function), its machine slept, or its event loop was held. That time was not the other system's.
   */
  stoodStill(): boolean
  stop(): void
  /** The deadline does not keep the process alive. */
  unref(): Deadline
}

/** The clocks are read this often: a look that is much too late shows a standstill. */
const lookEveryMs = 250
/** A look that is less late than this shows a busy process. */
const standstillMs = 1000
/** After a standstill, an answer that arrived meanwhile needs a moment to be read. */
export const graceMs = 250

/** By the clock that says more: one may be set back, the other stands still while the machine sleeps. */
function createLooks(): { start(): void; elapsedMs(): { readonly steady: number; readonly longest: number } } {
  const last = { steady: 0, wall: 0 }
  return {
    start: () => void Object.assign(last, { steady: steadyMs(), wall: wallClock() }),
    elapsedMs() {
      const steady = steadyMs() - last.steady
      return { steady, longest: Math.max(steady, wallClock() - last.wall) }
    },
  }
}

/**
 * Limits the time for an answer of another system. The time during which this process stood still does not count, once.
 *
 * @param giveUp - called when the time is over, never early
 * @param milliseconds - until then
 * @param afterStandstillMs - what is left after a standstill at most. @defaultValue what was left before it, at least 250
 */
export function startDeadline(giveUp: () => void, milliseconds: number, afterStandstillMs: number = Number.POSITIVE_INFINITY): Deadline {
  const looks = createLooks()
  const state = { leftMs: milliseconds, stoodStill: false, isUnref: false, timer: undefined as NodeJS.Timeout | undefined }
  const plannedMs = (): number => Math.min(state.leftMs, lookEveryMs)
  const standsOut = (longestMs: number): boolean => longestMs - plannedMs() >= standstillMs

  function wait(): void {
    looks.start()
    state.timer = setHostTimeout(look, Math.ceil(plannedMs()))
    if (state.isUnref) state.timer.unref()
  }

  function look(): void {
    const { steady, longest } = looks.elapsedMs()
    if (!state.stoodStill && standsOut(longest)) {
      state.stoodStill = true
      state.leftMs = Math.min(Math.max(state.leftMs - plannedMs(), graceMs), afterStandstillMs)
    } else state.leftMs -= steady
    if (state.leftMs > 0) wait()
    else giveUp()
  }

  wait()
  const deadline: Deadline = {
    stoodStill: () => state.stoodStill || standsOut(looks.elapsedMs().longest),
    stop: () => clearHostTimeout(state.timer),
    unref() {
      state.isUnref = true
      state.timer?.unref()
      return deadline
    },
  }
  return deadline
}
