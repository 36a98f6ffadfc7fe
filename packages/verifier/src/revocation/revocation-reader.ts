import {
  askInTime,
  createElapsed,
  eventChannel,
  type Instant,
  longAgo,
  type Now,
  type RevocationDelta,
  type RevocationEntry,
  type RevocationStore,
} from '@countersign/core'
import { createLongReading } from './long-reading.js'
import { createKnownRevocations, type KnownRevocations } from './view/known-revocations.js'
import { createWritings, type Writing } from './view/writings.js'

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

/** A copy of the store's denylist, brought up to date by reading what is new. */
export interface RevocationReader {
  readonly known: KnownRevocations
  /** One reading at a time; true if the copy is now what the store was when the reading began. Never rejects. */
  read(): Promise<boolean>
  /** A reading that began after this call. */
  readAnew(): Promise<boolean>
  /** False as soon as the reading takes longer than a question may: a request does not wait for a long denylist. */
  inTime(reading: Promise<boolean>): Promise<boolean>
  /** Whether a reading is under way that takes so long. */
  isLong(): boolean
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

interface ReaderState {
  epoch: string | undefined
  /** False between two parts. */
  isWhole: boolean
  refused: { readonly from: string | undefined; readonly cause: unknown } | undefined
  memory: { readonly first: number; readonly last: number }
  readAt: Instant
  failedAt: Instant
  sweptAt: Instant
  cause: unknown
  reading: Promise<boolean> | undefined
  stale: boolean
}

const initialState = (): ReaderState => ({
  epoch: undefined,
  isWhole: true,
  refused: undefined,
  memory: { first: Number.POSITIVE_INFINITY, last: Number.POSITIVE_INFINITY },
  readAt: longAgo,
  failedAt: longAgo,
  sweptAt: longAgo,
  cause: undefined,
  reading: undefined,
  stale: false,
})

/** Reads deltas of a store's denylist. It has no timers but the one that ends a reading. */
export function createRevocationReader({ store, now, random, onLost, closing }: ReaderOptions): RevocationReader {
  const known = createKnownRevocations(now, random)
  const writings = createWritings(store, known)
  const long = createLongReading()
  const state = initialState()

  const { read: instant, msSince } = createElapsed(now)

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

  function succeeded(begun: Instant): void {
    if (state.stale) events.publish({ outcome: 'recovered' })
    Object.assign(state, { readAt: begun, failedAt: longAgo, cause: undefined, stale: false })
    if (msSince(state.sweptAt) < sweepEveryMs) return
    if (known.sweep()) state.sweptAt = instant()
  }

  async function ask(): Promise<{ readonly begun: Instant; readonly more: boolean }> {
    const begun = instant()
    return { begun, more: await readPart() }
  }

  async function readOnce(): Promise<boolean> {
    const { steady } = instant()
    try {
      let part = await askInTime(ask, { ...question, closing })
      while (part.more) {
        if (performance.now() - steady > question.milliseconds) long.begins()
        part = await askInTime(ask, { ...question, closing })
      }
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
      long.ends()
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
    inTime: long.inTime,
    isLong: long.isLong,
    cause: () => state.cause ?? (long.isLong() ? new Error('the denylist is being read, which takes longer than a call may') : undefined),
    memory: () => state.memory,
    markStale() {
      if (!state.stale) events.publish({ outcome: 'stale' })
      state.stale = true
    },
  }
}
