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

/** What a reader has missed. */
export interface RevocationDelta {
  /** Where the store stands now. */
  readonly epoch: string
  readonly records: readonly RevocationRecord[]
  /** True when the store does not know the epoch that was asked for: it lost its memory. All it has is in `records`. */
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
  /** Everything after an epoch, in order; everything for undefined. */
  since(epoch: string | undefined): Promise<RevocationDelta>
  /** Where the store stands now. */
  epoch(): Promise<string>
  /** Negative, zero or positive as `a` is before, at or after `b`. */
  compare(a: string, b: string): number
  /**
   * Calls `listener` when something may have been added; may lose calls.
   * @returns ends the subscription
   */
  subscribe(listener: () => void): () => void
}
