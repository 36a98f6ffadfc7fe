import {
  askInTime,
  eventChannel,
  type Now,
  type RevocationDelta,
  type RevocationEntry,
  type RevocationRecord,
  type RevocationStore,
} from '@countersign/core'
import { createKnownRevocations, identity, type KnownEntry, type KnownRevocations } from './known-revocations.js'

/** What {@link createRevocationReader} needs. */
export interface ReaderOptions {
  readonly store: RevocationStore
  readonly now: Now
  /** A number from 0 to 1. */
  readonly random: () => number
  /** Called when the store was found to have forgotten something. */
  readonly onLost: () => void
  /** Ends what is under way. */
  readonly closing: AbortSignal
}

/** An entry that this process is writing. */
interface Writing {
  /** Takes over what was written, which got `epoch`. It counts at once, unless a reading took over something later about the same. */
  accept(epoch: string, written: KnownEntry & { readonly undone?: boolean }): void
  end(): void
}

/** A copy of the store's denylist, brought up to date by reading what is new. */
export interface RevocationReader {
  readonly known: KnownRevocations
  /** One reading at a time; true if the copy is now what the store was when the reading began. Never rejects. */
  read(): Promise<boolean>
  /** A reading that began after this call. */
  readAnew(): Promise<boolean>
  /** Before this process writes an entry itself. */
  writing(entry: RevocationEntry): Writing
  /** Milliseconds since the last successful reading began. */
  ageMs(): number
  /** Milliseconds since a reading failed; Infinity if the last one did not. */
  failedMsAgo(): number
  cause(): unknown
  /** Where the store's memory begins, epoch seconds: as it was at first, and as it is now. */
  memory(): { readonly first: number; readonly last: number }
  /** A request was judged by what is known although the store could not be asked; tells subscribers when that begins. */
  markStale(): void
}

const events = eventChannel('countersign:revocation')
/** Stores answer, or say that they cannot, within a second. This is for one that hangs, and counts for each part of a reading. */
const question = { milliseconds: 1_500, isRepeatable: true }
/** Records that are read and taken over at once: a few milliseconds, in which this process does nothing else. */
const recordsPerPart = 1_000
const sweepEveryMs = 60_000
const never = { wall: Number.NEGATIVE_INFINITY, steady: Number.NEGATIVE_INFINITY }

interface TwoClocks {
  instant(): typeof never
  /** By the clock that says more: one may be set back, the other stands still while the machine sleeps. */
  msSince(instant: typeof never): number
}

const twoClocks = (now: Now): TwoClocks => ({
  instant: () => ({ wall: now(), steady: performance.now() }),
  msSince: ({ wall, steady }) => Math.max(now() - wall, performance.now() - steady),
})

interface Writings extends Pick<RevocationReader, 'writing'> {
  /** What a reading took over. */
  wasRead(record: RevocationRecord): void
}

/** What this process is writing, and the epoch at which a reading meanwhile took over something about the same. */
function createWritings(store: Pick<RevocationStore, 'compare'>, known: KnownRevocations): Writings {
  const underWay = new Set<{ readonly id: string; readAt: string | undefined }>()
  return {
    wasRead({ epoch, entry }) {
      for (const one of underWay) if (one.id === identity(entry)) one.readAt = epoch
    },
    writing(entry) {
      const one: { readonly id: string; readAt: string | undefined } = { id: identity(entry), readAt: undefined }
      underWay.add(one)
      return {
        // Where the store stands says nothing: it may have been set back meanwhile, to before what was read of it.
        accept(epoch, written) {
          if (one.readAt === undefined || store.compare(epoch, one.readAt) > 0) known.apply(written)
        },
        end: () => void underWay.delete(one),
      }
    },
  }
}

/** Reads deltas of a store's denylist. It has no timers but the one that ends a reading. */
export function createRevocationReader({ store, now, random, onLost, closing }: ReaderOptions): RevocationReader {
  const known = createKnownRevocations(now, random)
  const writings = createWritings(store, known)
  const state = {
    epoch: undefined as string | undefined,
    /** False between two parts. */
    isWhole: true,
    refused: undefined as { readonly from: string | undefined; readonly cause: unknown } | undefined,
    memory: { first: Number.POSITIVE_INFINITY, last: Number.POSITIVE_INFINITY },
    readAt: never,
    failedAt: never,
    sweptAt: never,
    cause: undefined as unknown,
    reading: undefined as Promise<boolean> | undefined,
    stale: false,
  }

  const { instant, msSince } = twoClocks(now)

  /** All that can be taken over is, before a reading fails for what this release does not understand. */
  function applyAll({ records }: RevocationDelta, from: string | undefined): void {
    for (const record of records) {
      try {
        known.apply(record)
        writings.wasRead(record)
      } catch (cause) {
        state.refused ??= { from, cause }
      }
    }
  }

  /** The next reading begins again where the first such entry is. */
  function requireUnderstood(): void {
    if (state.refused === undefined) return
    const { from, cause } = state.refused
    Object.assign(state, { epoch: from, isWhole: false, refused: undefined })
    throw new Error('the store has revocations that this release does not understand', { cause })
  }

  function take(delta: RevocationDelta, from: string | undefined): void {
    const lost = from !== undefined && (delta.lost || store.compare(delta.epoch, from) < 0)
    if (lost) known.lose()
    applyAll(delta, lost ? undefined : from)
    const since = delta.memorySince / 1000
    state.memory = { first: from === undefined ? since : state.memory.first, last: since }
    state.epoch = delta.epoch
    if (!lost) return
    events.publish({ outcome: 'lost' })
    onLost()
  }

  /** True when there is more. A part that was taken over stays: the next reading goes on after it. */
  async function readPart(): Promise<boolean> {
    const from = state.epoch
    if (from !== undefined && state.isWhole && (await store.epoch()) === from) return false
    const delta = await store.since(from, { limit: recordsPerPart })
    // A reading that was given up may be answered after its successor: a delta fits only where it was asked from.
    if (state.epoch !== from) return !state.isWhole
    if (delta.more === true && delta.epoch === from && !delta.lost) throw new Error('the store answers the same part again and again')
    state.isWhole = delta.more !== true
    take(delta, from)
    return !state.isWhole
  }

  function succeeded(begun: typeof never): void {
    if (state.stale) events.publish({ outcome: 'recovered' })
    Object.assign(state, { readAt: begun, failedAt: never, cause: undefined, stale: false })
    if (msSince(state.sweptAt) < sweepEveryMs) return
    state.sweptAt = instant()
    known.sweep()
  }

  async function ask(): Promise<{ readonly begun: typeof never; readonly more: boolean }> {
    const begun = instant()
    return { begun, more: await readPart() }
  }

  async function readOnce(): Promise<boolean> {
    try {
      let part = await askInTime(ask, { ...question, closing })
      while (part.more) part = await askInTime(ask, { ...question, closing })
      requireUnderstood()
      // With its last part the copy is what the store was when that part was asked for.
      succeeded(part.begun)
      return true
    } catch (cause) {
      Object.assign(state, { failedAt: instant(), cause })
      return false
    }
  }

  function read(): Promise<boolean> {
    state.reading ??= readOnce().finally(() => {
      state.reading = undefined
    })
    return state.reading
  }

  return {
    known,
    read,
    async readAnew() {
      // One that is under way may have begun too early.
      if (state.reading && !(await state.reading)) return false
      return read()
    },
    writing: writings.writing,
    ageMs: () => msSince(state.readAt),
    failedMsAgo: () => msSince(state.failedAt),
    cause: () => state.cause,
    memory: () => state.memory,
    markStale() {
      if (!state.stale) events.publish({ outcome: 'stale' })
      state.stale = true
    },
  }
}
