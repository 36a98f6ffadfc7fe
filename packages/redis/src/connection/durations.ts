/** A positive duration as Redis takes it: at least one millisecond, and no exponent when it is written. */
export function wholeMs(milliseconds: number): number {
  return Math.min(Math.ceil(milliseconds), Number.MAX_SAFE_INTEGER)
}
