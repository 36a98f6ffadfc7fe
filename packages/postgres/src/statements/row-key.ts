/** Longer than any server lives, and within what an interval holds. */
const longestMs = 1_000 * 365 * 24 * 3_600 * 1_000

/** A duration as a parameter. */
export function boundedMs(milliseconds: number): number {
  return Math.max(-longestMs, Math.min(longestMs, milliseconds))
}
