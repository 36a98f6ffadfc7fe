import {
  askInTime,
  createElapsed,
  createSingleFlight,
  eventChannel,
  type Instant,
  longAgo,
  type Now,
  type RevocationDelta,
  type RevocationEntry,
  type RevocationStore,
} from '@countersign/core'
import { type CopiedEntries, createCopiedEntries } from './copied-entries.js'
import { createLongReading } from './long-reading.js'
import { createOwnWrites, type OwnWrite } from './own-writes.js'
import { createReadPosition } from './read-position.js'

/** What {@link createCopyReader} needs. */
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
export interface CopyReader {
  readonly entries: CopiedEntries
  /** One reading at a time; true if the copy is now what the store was when the reading began. Never rejects. */
  read(): Promise<boolean>
  /** A reading that began after this call. */
  readAnew(): Promise<boolean>
  /** False as soon as the reading takes longer than a question may: a request does not wait for a long denylist. */
  inTime(reading: Promise<boolean>): Promise<boolean>
  /** Whether a reading is under way that takes so long. */
  isLong(): boolean
  /** Before this process writes an entry itself. */
  writing(entry: RevocationEntry): OwnWrite
  /** Milliseconds since the last successful reading began; Infinity once it is closed, because it learns of nothing any more. */
  ageMs(): number
  /** Milliseconds since a reading failed; Infinity if the last one did not. */
  failedMsAgo(): number
  /** Whether it reads nothing any more. */
  isClosed(): boolean
  cause(): unknown
  /** Where the store's memory begins, epoch seconds: as it was at first, and as it is now. */
  memory(): { readonly first: number; readonly last: number }
  /** A request was judged by what is known although the store could not be asked; tells subscribers when that begins. */
  markStale(): void
}

const events = eventChannel('countersign:revocation')
/** Stores answer, or say that they cannot, within a second. This is for one that hangs, and counts for each part of a reading. */
const question = { milliseconds: 1_500, isRepeatable: true }
const sweepEveryMs = 60_000

interface ReaderState {
  readAt: Instant
  failedAt: Instant
  sweptAt: Instant
  cause: unknown
  stale: boolean
}

/** What the store answered; no delta where nothing is new. */
interface Part {
  readonly askedAt: Instant
  readonly delta: RevocationDelta | undefined
}

const ignore = (): void => undefined

/** Reads deltas of a store's denylist. It has no timers but the one that ends a question. */
export function createCopyReader({ store, now, random, onLost, closing }: ReaderOptions): CopyReader {
  const entries = createCopiedEntries(now, random)
  const ownWrites = createOwnWrites(store, entries)
  const position = createReadPosition({ store, entries, ownWrites, onLost })
  const long = createLongReading()
  const state: ReaderState = { readAt: longAgo, failedAt: longAgo, sweptAt: longAgo, cause: undefined, stale: false }

  const { read: instant, msSince } = createElapsed(now)

  function succeeded(begun: Instant): void {
    if (state.stale) events.publish({ outcome: 'recovered' })
    Object.assign(state, { readAt: begun, failedAt: longAgo, cause: undefined, stale: false })
    if (msSince(state.sweptAt) < sweepEveryMs) return
    if (entries.sweep()) state.sweptAt = instant()
  }

  /** @param isNext - whether something is known to follow */
  async function questionFrom(cursor: string | undefined, isNext: boolean): Promise<Part> {
    const askedAt = instant()
    if (cursor !== undefined && !isNext && (await store.cursor()) === cursor) return { askedAt, delta: undefined }
    const delta = await store.since(cursor, { limit: position.records() })
    if (delta.more === true && delta.cursor === cursor && !delta.lost) throw new Error('the store answers the same part again and again')
    return { askedAt, delta }
  }

  function ask(cursor: string | undefined, isNext: boolean): Promise<Part> {
    const asked = askInTime(() => questionFrom(cursor, isNext), { ...question, closing })
    // It may fail while the part before is taken over.
    asked.catch(ignore)
    return asked
  }

  /** Each part is requested while the one before is taken over. Returns the time of the last request. */
  async function readParts(): Promise<Instant> {
    const { steady } = instant()
    let next: Promise<Part> | undefined = ask(position.cursor(), !position.isWhole())
    let askedAt = longAgo
    while (next !== undefined) {
      const part: Part = await next
      next = part.delta?.more === true ? ask(part.delta.cursor, true) : undefined
      if (next !== undefined && performance.now() - steady > question.milliseconds) long.begins()
      if (part.delta !== undefined) await position.take(part.delta, closing)
      askedAt = part.askedAt
    }
    return askedAt
  }

  async function readOnce(): Promise<boolean> {
    try {
      const askedAt = await readParts()
      position.requireUnderstood()
      // With its last part the copy equals the store at the time of that request.
      succeeded(askedAt)
      return true
    } catch (cause) {
      Object.assign(state, { failedAt: instant(), cause })
      return false
    }
  }

  const flight = createSingleFlight(() => readOnce().finally(long.ends))
  const read = flight.join

  function cause(): unknown {
    if (closing.aborted) return closing.reason
    return state.cause ?? (long.isLong() ? new Error('the denylist is being read, which takes longer than a call may') : undefined)
  }

  return {
    entries,
    read,
    async readAnew() {
      // One that is under way may have begun too early.
      const underWay = flight.underWay()
      if (underWay && !(await underWay)) return false
      return read()
    },
    writing: ownWrites.writing,
    ageMs: () => (closing.aborted ? Number.POSITIVE_INFINITY : msSince(state.readAt)),
    failedMsAgo: () => msSince(state.failedAt),
    inTime: long.inTime,
    isLong: long.isLong,
    isClosed: () => closing.aborted,
    cause,
    memory: position.memory,
    markStale() {
      if (!state.stale) events.publish({ outcome: 'stale' })
      state.stale = true
    },
  }
}
