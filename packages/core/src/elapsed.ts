import type { Now } from './clock.js'

/** One instant on two clocks, in milliseconds. */
export interface Instant {
  readonly wall: number
  readonly steady: number
}

/** An instant before every other one. */
export const longAgo: Instant = { wall: Number.NEGATIVE_INFINITY, steady: Number.NEGATIVE_INFINITY }

/** Tells how long ago something was. */
export interface Elapsed {
  read(): Instant
  msSince(instant: Instant): number
}

/**
 * Measures by the wall clock and by the monotonic one, and believes whichever says more: the first may be set back, the
 * second stands still while the machine sleeps. Either alone could keep something young for ever.
 *
 * @param now - epoch milliseconds
 */
export function createElapsed(now: Now): Elapsed {
  return {
    read: () => ({ wall: now(), steady: performance.now() }),
    msSince: ({ wall, steady }) => Math.max(now() - wall, performance.now() - steady),
  }
}
