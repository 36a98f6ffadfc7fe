import type { ShadowEvent } from '../shadow-event.js'

/** The four cells: what the old guard did and what the new one would do. */
export interface ShadowCells {
  readonly bothAdmitted: number
  readonly bothRefused: number
  /** These requests would fail if the new guard were enforced. */
  readonly onlyOldAdmitted: number
  /** These requests are refused today: the new guard may be too generous. */
  readonly onlyNewAdmitted: number
}

/** What was not compared, by why. */
export interface NotCompared {
  /** The new guard would answer 503. */
  readonly unavailable: number
  /** A requirement threw. */
  readonly failed: number
  /** Too many requests waited for the new guard, or it would have had to ask a source of opaque tokens. */
  readonly skipped: number
  /** Nobody knows what the old guard decided: the connection was closed, or `compare` returned undefined. */
  readonly unknown: number
}

/** Counters that can be added to. */
export type Counted<T> = { -readonly [K in keyof T]: T[K] }

export const noCells = (): Counted<ShadowCells> => ({ bothAdmitted: 0, bothRefused: 0, onlyOldAdmitted: 0, onlyNewAdmitted: 0 })

/** The cell of an event; undefined if nothing was compared. */
export function cellOf({ old, new: found }: ShadowEvent): keyof ShadowCells | undefined {
  if (old === undefined || (found !== 'admitted' && found !== 'refused')) return undefined
  if (old === found) return old === 'admitted' ? 'bothAdmitted' : 'bothRefused'
  return old === 'admitted' ? 'onlyOldAdmitted' : 'onlyNewAdmitted'
}

/** Why nothing was compared. */
export function missingOf({ new: found }: ShadowEvent): keyof NotCompared {
  return found === 'admitted' || found === 'refused' ? 'unknown' : found
}
