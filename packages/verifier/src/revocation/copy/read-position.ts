import { eventChannel, type RevocationDelta, type RevocationRecord, type RevocationStore } from '@countersign/core'
import { createSlices } from '../entries/slices.js'
import type { CopiedEntries } from './copied-entries.js'
import type { OwnWrites } from './own-writes.js'
import { createPartSize } from './part-size.js'

/** Takes over what the parts of a denylist tell. */
export interface ReadPosition {
  /** Where the next reading goes on; undefined at the beginning. */
  cursor(): string | undefined
  /** False between two parts. */
  isWhole(): boolean
  /** Where the store's memory begins, epoch seconds: as it was at first, and as it is now. */
  memory(): { readonly first: number; readonly last: number }
  /** How many records the next part may have. */
  records(): number
  /** Takes over one part, in slices. A part that was taken over stays, also when the next one cannot be read. */
  take(delta: RevocationDelta, signal: AbortSignal): Promise<void>
  /**
   * Ends a reading. Where it met an entry that this release does not understand, the next one begins again there.
   * @throws Error if it met one
   */
  requireUnderstood(): void
}

/** What {@link createReadPosition} needs. */
export interface ReadPositionOptions {
  readonly store: Pick<RevocationStore, 'compare'>
  readonly entries: CopiedEntries
  readonly ownWrites: OwnWrites
  /** Called when the store was found to have forgotten something. */
  readonly onLost: () => void
}

interface TakingState {
  cursor: string | undefined
  isWhole: boolean
  refused: { readonly from: string | undefined; readonly cause: unknown } | undefined
  memory: { readonly first: number; readonly last: number }
}

const events = eventChannel('countersign:revocation')

export function createReadPosition({ store, entries, ownWrites, onLost }: ReadPositionOptions): ReadPosition {
  const size = createPartSize()
  const state: TakingState = {
    cursor: undefined,
    isWhole: true,
    refused: undefined,
    memory: { first: Number.POSITIVE_INFINITY, last: Number.POSITIVE_INFINITY },
  }

  /** All that can be taken over is, before a reading fails for what this release does not understand. */
  function takeRecord(record: RevocationRecord, from: string | undefined): void {
    try {
      ownWrites.takeOver(record)
    } catch (cause) {
      state.refused ??= { from, cause }
    }
  }

  async function takeAll(delta: RevocationDelta, from: string | undefined, signal: AbortSignal): Promise<void> {
    const slices = createSlices()
    const rest = async (): Promise<void> => {
      await slices.rest()
      signal.throwIfAborted()
    }
    // The driver has just read a long answer.
    if (delta.more === true) await rest()
    for (const record of delta.records) {
      if (slices.isOver()) await rest()
      takeRecord(record, from)
    }
    size.took(delta.records.length, slices.workedMs())
  }

  return {
    cursor: () => state.cursor,
    isWhole: () => state.isWhole,
    memory: () => state.memory,
    records: size.records,
    async take(delta, signal) {
      const from = state.cursor
      const lost = from !== undefined && (delta.lost || store.compare(delta.cursor, from) < 0)
      if (lost) {
        entries.lose()
        ownWrites.lose()
      }
      await takeAll(delta, lost ? undefined : from, signal)
      ownWrites.wasReadTo(delta.cursor)
      const since = delta.retainedSince / 1000
      state.memory = { first: from === undefined ? since : state.memory.first, last: since }
      state.isWhole = delta.more !== true
      state.cursor = delta.cursor
      if (!lost) return
      events.publish({ outcome: 'lost' })
      onLost()
    },
    requireUnderstood() {
      if (state.refused === undefined) return
      const { from, cause } = state.refused
      Object.assign(state, { cursor: from, isWhole: false, refused: undefined })
      throw new Error('the store has revocations that this release does not understand', { cause })
    },
  }
}
