import { type Fetch, kind, type Now, type OptionKind, type OptionShape } from '@countersign/core'

/** How long keys of a remote issuer are believed. */
export interface RefreshOptions {
  /** Shortest life of a set, even if the issuer says less. It is refreshed after 80 % of its life. @defaultValue 60 */
  readonly minCacheSeconds?: number
  /** Longest life of a set: a withdrawn key is refused within it. @defaultValue 600 */
  readonly maxCacheSeconds?: number
  /** How long known keys are believed after their time while the source is down; 0 is strict. @defaultValue 900 */
  readonly staleIfErrorSeconds?: number
  /** For one whole answer of the source. @defaultValue 5 */
  readonly timeoutSeconds?: number
  /** Most usable keys of a set that are taken; the first ones are. The rest is told by `countersign:key-source`. @defaultValue 1000 */
  readonly maxKeys?: number
}

/** What a key source is opened with. */
export interface SourceContext {
  /** The host's name for the owner of the keys, for instance the issuer. Events carry it. */
  readonly via: string
  readonly now: Now
  readonly fetch: Fetch
  /** A number from 0 to 1, to spread what a fleet does. */
  readonly random: () => number
}

const atLeastOneMs: OptionKind = kind.number({ unit: 'seconds', least: 0.001 })

/** What each of the refresh options must be. */
export const refreshShape: OptionShape<RefreshOptions> = {
  minCacheSeconds: atLeastOneMs,
  maxCacheSeconds: atLeastOneMs,
  staleIfErrorSeconds: kind.seconds,
  // A timer of more than 24 days would fire at once.
  timeoutSeconds: kind.number({ unit: 'seconds', least: 0.001, most: 3600 }),
  maxKeys: kind.count,
}

/**
 * Fills in the defaults of refresh options that were checked by {@link refreshShape}.
 *
 * @throws TypeError if two contradict each other
 */
export function refreshTimes(preset: string, options: RefreshOptions): Required<RefreshOptions> {
  const times = {
    minCacheSeconds: options.minCacheSeconds ?? 60,
    maxCacheSeconds: options.maxCacheSeconds ?? 600,
    staleIfErrorSeconds: options.staleIfErrorSeconds ?? 900,
    timeoutSeconds: options.timeoutSeconds ?? 5,
    maxKeys: options.maxKeys ?? 1000,
  }
  const { minCacheSeconds, maxCacheSeconds } = times
  if (minCacheSeconds > maxCacheSeconds)
    throw new TypeError(`${preset}: minCacheSeconds must be at most maxCacheSeconds (${maxCacheSeconds}), got ${minCacheSeconds}`)
  return times
}
