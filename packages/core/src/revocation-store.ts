import type { StoreCall } from './call.js'
import type { RevocationEntry } from './revocation.js'
import type { WriteCheck } from './write-check.js'

/** An entry with its place in the order of revocations. */
export interface RevocationRecord {
  /** Compared by {@link RevocationStore.compare} only. */
  readonly epoch: string
  readonly entry: RevocationEntry
  /** Milliseconds for which it still counts, by the store's clock; undefined: for ever. */
  readonly keepForMs: number | undefined
  /** `true` takes the entry back. */
  readonly undone?: boolean | undefined
}

/** What a reader has missed, or the first part of it. */
export interface RevocationDelta {
  /** Where the reader stands after it: where the store stands now, or, with `more`, where the next part begins. */
  readonly epoch: string
  readonly records: readonly RevocationRecord[]
  /** True when there may be more after `epoch`: ask again from there. */
  readonly more?: boolean | undefined
  /** True when the store does not know the epoch that was asked for: it lost its memory. `records` begin with the first that it has. */
  readonly lost: boolean
  /** Epoch milliseconds of the store's clock at which its memory begins. */
  readonly memorySince: number
  /** Epoch milliseconds of the store's clock. */
  readonly now: number
}

/** The denylist that all processes share. */
export interface RevocationStore extends WriteCheck {
  /**
   * Adds an entry; idempotent.
   * @param options - `keepForMs` undefined keeps it for ever; `undone` takes an earlier entry back
   * @returns the epoch after it
   */
  revoke(
    entry: RevocationEntry,
    options?: { readonly keepForMs?: number | undefined; readonly undone?: boolean | undefined } & StoreCall,
  ): Promise<string>
  /**
   * What was added after an epoch, in order; from the first on for undefined. An outage counts for each part of the answer, so that a
   * long list can be read at all.
   * @param options - `limit`: at most so many records, 1 or more; `more` says whether others follow. Without it, all of them
   * @throws TypeError for a limit that is not a positive whole number
   */
  since(epoch: string | undefined, options?: { readonly limit?: number | undefined }): Promise<RevocationDelta>
  /** Where the store stands now. */
  epoch(): Promise<string>
  /** Negative, zero or positive as `a` is before, at or after `b`. */
  compare(a: string, b: string): number
  /**
   * Calls `listener` when something may have been added; may lose calls. What it throws fails no `revoke` and keeps no other listener from
   * being called, see {@link callListener}.
   * @returns ends the subscription
   */
  subscribe(listener: () => void): () => void
}

/**
 * Reads all parts, one after the other, for a store that gives them.
 *
 * @param part - answers at most `limit` records after an epoch, as {@link RevocationStore.since} does
 * @returns one delta of all; a memory that was lost between two parts begins it anew
 */
export async function wholeDelta(
  part: (epoch: string | undefined, limit: number) => Promise<RevocationDelta>,
  epoch: string | undefined,
  limit: number,
): Promise<RevocationDelta> {
  let parts = [await part(epoch, limit)]
  let lost = parts[0]?.lost === true
  for (let last = parts.at(-1); last?.more === true; last = parts.at(-1)) {
    const next = await part(last.epoch, limit)
    if (next.lost) parts = []
    lost ||= next.lost && epoch !== undefined
    parts.push(next)
  }
  const { more: _, ...last } = parts.at(-1) as RevocationDelta
  return { ...last, lost, records: parts.flatMap(({ records }) => records) }
}
