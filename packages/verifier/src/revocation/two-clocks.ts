import type { Now } from '@countersign/core'

/** An instant by the wall clock and by the monotonic one, in milliseconds. */
export interface Instant {
  readonly wall: number
  readonly steady: number
}

export const never: Instant = { wall: Number.NEGATIVE_INFINITY, steady: Number.NEGATIVE_INFINITY }

interface TwoClocks {
  instant(): Instant
  /** By the clock that says more: one may be set back, the other stands still while the machine sleeps. */
  msSince(instant: Instant): number
}

/** @param now - epoch milliseconds */
export const twoClocks = (now: Now): TwoClocks => ({
  instant: () => ({ wall: now(), steady: performance.now() }),
  msSince: ({ wall, steady }) => Math.max(now() - wall, performance.now() - steady),
})
