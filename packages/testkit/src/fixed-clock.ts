/** A clock that moves only when told. */
export interface FixedClock {
  /** Epoch milliseconds: what the option `now` of a guard or an issuer takes. */
  now(): number
  /** @param seconds - may have a fraction; negative turns the clock back */
  advance(seconds: number): void
  set(epochSeconds: number): void
}

/**
 * Makes a clock that stands still.
 *
 * @param startEpochSeconds - where it starts
 * @defaultValue 1_800_000_000, 15 January 2027
 */
export function fixedClock(startEpochSeconds: number = 1_800_000_000): FixedClock {
  let milliseconds = startEpochSeconds * 1000
  return {
    now: () => milliseconds,
    advance(seconds) {
      milliseconds += seconds * 1000
    },
    set(epochSeconds) {
      milliseconds = epochSeconds * 1000
    },
  }
}
