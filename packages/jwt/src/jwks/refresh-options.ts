import type { Fetch, Now } from '@countersign/core'

/** How long keys of a remote issuer are believed. */
export interface RefreshOptions {
  /** Shortest life of a set, whatever the issuer says. It is refreshed after 80 % of its life. @defaultValue 60 */
  readonly minCacheSeconds?: number
  /** Longest life of a set: a withdrawn key is refused within it. @defaultValue 600 */
  readonly maxCacheSeconds?: number
  /** How long known keys are believed after their time while the source is down; 0 is strict. @defaultValue 900 */
  readonly staleIfErrorSeconds?: number
  /** For one whole answer of the source. @defaultValue 5 */
  readonly timeoutSeconds?: number
}

/** What a key source is opened with. */
export interface SourceContext {
  /** The host's name for the issuer, or whoever's keys they are; for events. */
  readonly via: string
  readonly now: Now
  readonly fetch: Fetch
  /** A number from 0 to 1, to spread what a fleet does. */
  readonly random: () => number
}

/**
 * Checks refresh options and fills in the defaults.
 *
 * @throws TypeError if one is out of range
 */
export function refreshTimes(preset: string, options: RefreshOptions): Required<RefreshOptions> {
  const times = {
    minCacheSeconds: options.minCacheSeconds ?? 60,
    maxCacheSeconds: options.maxCacheSeconds ?? 600,
    staleIfErrorSeconds: options.staleIfErrorSeconds ?? 900,
    timeoutSeconds: options.timeoutSeconds ?? 5,
  }
  for (const [name, value] of Object.entries(times)) {
    const least = name === 'staleIfErrorSeconds' ? 0 : 0.001
    if (!(Number.isFinite(value) && value >= least)) throw new TypeError(`${preset}: ${name} is a number of seconds, at least ${least}`)
  }
  // A timer of more than 24 days would fire at once.
  if (times.timeoutSeconds > 3600) throw new TypeError(`${preset}: timeoutSeconds is more than an hour`)
  if (times.minCacheSeconds > times.maxCacheSeconds) throw new TypeError(`${preset}: minCacheSeconds is more than maxCacheSeconds`)
  return times
}
