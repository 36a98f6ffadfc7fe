import { askInTime, eventChannel, type Now, type RevocationDelta, type RevocationEntry, type RevocationStore } from '@countersign/core'
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
/** Stores answer, or say that they cannot, within a second. This is for one that hangs. */
const question = { milliseconds: 1_500, isRepeatable: true }
const sweepEveryMs = 60_000
const never = { wall: Number.NEGATIVE_INFINITY, steady: Number.NEGATIVE_INFINITY }

/** Reads deltas of a store's denylist. It has no timers but the one that ends a reading. */
export function createRevocationReader({ store, now, random, onLost, closing }: ReaderOptions): RevocationReader {
  const known = createKnownRevocations(now, random)
  /** What is being written, and the epoch at which a reading meanwhile took over something about the same. */
  const underWay = new Set<{ readonly id: string; readAt: string | undefined }>()
  const state = {
    epoch: undefined as string | undefined,
    memory: { first: Number.POSITIVE_INFINITY, last: Number.POSITIVE_INFINITY },
    readAt: never,
    failedAt: never,
    sweptAt: never,
    cause: undefined as unknown,
    reading: undefined as Promise<boolean> | undefined,
    stale: false,
  }

  const instant = (): typeof never => ({ wall: now(), steady: performance.now() })
  /** By the clock that says more: one may be set back, the other stands still while the machine sleeps. */
  const msSince = ({ wall, steady }: typeof never): number => Math.max(now() - wall, performance.now() - steady)

  function takeOver(record: RevocationDelta['records'][number]): void {
    known.apply(record)
    for (const one of underWay) if (one.id === identity(record.entry)) one.readAt = record.epoch
  }

  /** All that can be taken over is, before it fails for what this release does not understand. */
  function applyAll({ records }: RevocationDelta): void {
    const refused: unknown[] = []
    for (const record of records) {
      try {
        takeOver(record)
      } catch (cause) {
        refused.push(cause)
      }
    }
    if (refused.length > 0) throw new Error('the store has revocations that this release does not understand', { cause: refused[0] })
  }

  function take(delta: RevocationDelta, from: string | undefined): void {
    const lost = from !== undefined && (delta.lost || store.compare(delta.epoch, from) < 0)
    if (lost) known.lose()
    applyAll(delta)
    const since = delta.memorySince / 1000
    state.memory = { first: from === undefined ? since : state.memory.first, last: since }
    state.epoch = delta.epoch
    if (!lost) return
    events.publish({ outcome: 'lost' })
    onLost()
  }

  async function readDelta(): Promise<void> {
    const from = state.epoch
    if (from !== undefined && (await store.epoch()) === from) return
    const delta = await store.since(from)
    // A reading that was given up may be answered after its successor: a delta fits only where it was asked from.
    if (state.epoch === from) take(delta, from)
  }

  function succeeded(begun: typeof never): void {
    if (state.stale) events.publish({ outcome: 'recovered' })
    Object.assign(state, { readAt: begun, failedAt: never, cause: undefined, stale: false })
    if (msSince(state.sweptAt) < sweepEveryMs) return
    state.sweptAt = instant()
    known.sweep()
  }

  async function ask(): Promise<typeof never> {
    const begun = instant()
    return readDelta().then(() => begun)
  }

  async function readOnce(): Promise<boolean> {
    try {
      succeeded(await askInTime(ask, { ...question, closing }))
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
