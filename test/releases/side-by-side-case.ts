import type { Release, ReleaseSetup } from './release.js'

type Unknown = ReleaseSetup['unknown'][number]

/** What two processes of different releases do on one store. */
export interface SideBySideCase {
  readonly name: string
  /** What the first of both must know. */
  readonly needs?: Unknown
  /** Where the second does not know this, the releases differ on these stores, and docs/stores.md says so. */
  readonly differs?: { readonly without: Unknown; readonly on: readonly ReleaseSetup['store'][] }
  run(one: Release, other: Release): Promise<void>
}

export const minuteMs = 60_000
