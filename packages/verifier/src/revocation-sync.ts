import { eventChannel, type Now, type RevocationQuery, type RevocationReason, type RevocationStore } from '@countersign/core'
import { createKnownRevocations, type KnownEntry, type KnownRevocations } from './known-revocations.js'

/** What {@link createRevocationSync} needs. */
export interface RevocationSyncOptions {
  readonly store: RevocationStore
  readonly pollSeconds: number
  readonly now: Now
  /** A number from 0 to 1. */
  readonly random: () => number
}

/** A copy of the store's denylist that is kept up to date. */
export interface RevocationSync {
  readonly known: KnownRevocations
  /** One reading at a time; true if the copy is now what the store was when the reading began. Never rejects. */
  read(): Promise<boolean>
  /** A reading that began after this call. */
  readAnew(): Promise<boolean>
  /** The first reading. */
  readonly first: Promise<boolean>
  /** When the last successful reading began, epoch milliseconds. */
  readAt(): number
  /** When the last reading failed, epoch milliseconds; -Infinity if it did not. */
  failedAt(): number
  cause(): unknown
  /** Where the store's memory begins, epoch seconds: as it was at first, and as it is now. */
  memory(): { readonly first: number; readonly last: number }
  /** What is known although the store cannot be asked; tells subscribers when that begins. */
  checkStale(query: RevocationQuery): RevocationReason | undefined
  close(): void
}

const events = eventChannel('countersign:revocation')
/** Over how long the readings of a fleet spread after a push. */
const pushSpreadMs = 150

/** Reads deltas: after a push, at every poll, and when asked. A lost memory of the store's is put back. */
export function createRevocationSync({ store, pollSeconds, now, random }: RevocationSyncOptions): RevocationSync {
  const known = createKnownRevocations(now)
  const timers = new Set<NodeJS.Timeout>()
  const state = {
    epoch: undefined as string | undefined,
    firstMemory: undefined as number | undefined,
    lastMemory: Number.POSITIVE_INFINITY,
    readAt: Number.NEGATIVE_INFINITY,
    failedAt: Number.NEGATIVE_INFINITY,
    cause: undefined as unknown,
    reading: undefined as Promise<boolean> | undefined,
    stale: false,
    /** What the store has to be told again. */
    forgotten: [] as readonly KnownEntry[],
    closed: false,
  }

  /** Puts back what the store forgot. A guard may have read access only, so a failure here is nobody's outage; it is tried again. */
  async function restore(): Promise<void> {
    const [next] = state.forgotten
    if (next === undefined) return
    try {
      await store.revoke(next.entry, { keepForMs: next.keepForMs })
    } catch {
      return
    }
    state.forgotten = state.forgotten.slice(1)
    return restore()
  }

  async function readDelta(): Promise<void> {
    const delta = await store.since(state.epoch)
    // Before the delta is applied: what this process knows and the store does not.
    if (delta.lost) state.forgotten = known.missingFrom(delta.records.map(({ entry }) => entry))
    for (const record of delta.records) known.apply(record)
    const memory = delta.memorySince / 1000
    Object.assign(state, { epoch: delta.epoch, lastMemory: memory, firstMemory: state.firstMemory ?? memory })
    known.sweep()
    if (delta.lost) events.publish({ outcome: 'lost' })
  }

  async function readOnce(): Promise<boolean> {
    const startedAt = now()
    try {
      const unchanged = state.epoch !== undefined && (await store.epoch()) === state.epoch
      if (!unchanged) await readDelta()
      await restore()
      if (state.stale) events.publish({ outcome: 'recovered' })
      Object.assign(state, { readAt: startedAt, failedAt: Number.NEGATIVE_INFINITY, cause: undefined, stale: false })
      return true
    } catch (cause) {
      Object.assign(state, { failedAt: now(), cause })
      return false
    } finally {
      state.reading = undefined
    }
  }

  function read(): Promise<boolean> {
    state.reading ??= readOnce()
    return state.reading
  }

  async function readAnew(): Promise<boolean> {
    // One that is under way may have begun too early.
    await state.reading
    return read()
  }

  function later(ms: number, work: () => void): void {
    if (state.closed) return
    const timer = setTimeout(() => {
      timers.delete(timer)
      work()
    }, ms)
    timer.unref()
    timers.add(timer)
  }

  function poll(): void {
    later(pollSeconds * 1000 * (0.9 + random() * 0.1), () => void read().then(poll))
  }

  const unsubscribe = store.subscribe(() => later(random() * pushSpreadMs, () => void readAnew()))
  const first = read()
  void first.then(poll)

  return {
    known,
    read,
    readAnew,
    first,
    readAt: () => state.readAt,
    failedAt: () => state.failedAt,
    cause: () => state.cause,
    memory: () => ({ first: state.firstMemory ?? Number.POSITIVE_INFINITY, last: state.lastMemory }),
    checkStale(query) {
      if (!state.stale) events.publish({ outcome: 'stale' })
      state.stale = true
      return known.check(query)
    },
    close() {
      state.closed = true
      unsubscribe()
      for (const timer of timers) clearTimeout(timer)
      timers.clear()
    },
  }
}
