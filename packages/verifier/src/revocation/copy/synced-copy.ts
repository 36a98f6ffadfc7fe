import { askInTime, type Now, type RevocationStore } from '@countersign/core'
import type { CopiedEntry } from './copied-entries.js'
import { type CopyReader, createCopyReader } from './copy-reader.js'

/** What {@link createSyncedCopy} needs. */
export interface SyncedCopyOptions {
  readonly store: RevocationStore
  readonly pollSeconds: number
  readonly now: Now
  /** A number from 0 to 1. */
  readonly random: () => number
}

/** A copy of the store's denylist that is kept up to date. */
export interface SyncedCopy extends CopyReader {
  /** The first reading. */
  readonly first: Promise<boolean>
  /** Ends readings and timers. Idempotent. */
  close(): void
}

/** Over how long the readings of a fleet spread after a push. */
const pushSpreadMs = 150
/** Pauses after failures double from the first to the last. */
const retryMs = { first: 100, last: 1_000 }
const restoreRetryMs = { first: 1_000, last: 60_000 }
/** So much is put back, in so much time, before it is looked again what others have put back. */
const restoreBatch = { entries: 64, longestMs: 5_000 }

const pauseMs = (failures: number, { first, last }: typeof retryMs): number => Math.min(last, first * 2 ** Math.min(failures, 16))

/** Work that is done later, until it is closed. Nothing of it keeps a process alive. */
function createLater(closing: AbortSignal): (ms: number, work: () => void) => void {
  const timers = new Set<NodeJS.Timeout>()
  closing.addEventListener('abort', () => {
    for (const timer of timers) clearTimeout(timer)
  })
  return (ms, work) => {
    if (closing.aborted) return
    const timer = setTimeout(() => {
      timers.delete(timer)
      work()
    }, ms)
    timers.add(timer.unref())
  }
}

/** Reads deltas: after a push, at every poll, and when asked. What the store forgot is put back. */
export function createSyncedCopy({ store, pollSeconds, now, random }: SyncedCopyOptions): SyncedCopy {
  const closing = new AbortController()
  const { signal } = closing
  const later = createLater(signal)
  const reader = createCopyReader({ store, now, random, onLost: restoreSoon, closing: signal })
  const state = { failures: 0, pushed: false, restoring: false, failedRestores: 0 }

  function poll(read: boolean): void {
    state.failures = read ? 0 : state.failures + 1
    const usualMs = pollSeconds * 1000
    const ms = read ? usualMs : Math.min(usualMs, pauseMs(state.failures - 1, retryMs))
    later(ms * (0.9 + random() * 0.1), readAndPoll)
  }

  function readAndPoll(): void {
    void reader.read().then(poll)
  }

  /** One reading for all that is pushed until it begins. */
  function pushed(): void {
    if (state.pushed) return
    state.pushed = true
    later(random() * pushSpreadMs, () => {
      state.pushed = false
      void reader.readAnew()
    })
  }

  async function putBack({ entry, ttlMs }: CopiedEntry): Promise<void> {
    const written = reader.writing(entry)
    try {
      written.accept(await store.revoke(entry, { ttlMs }), { entry, ttlMs })
    } finally {
      written.end()
    }
  }

  /** A process may have read access only, so a failure here is nobody's outage. True when nothing is missing any more. */
  async function restore(): Promise<boolean> {
    // Before each batch: what others have put back by now.
    while (await reader.readAnew()) {
      const batch = await reader.entries.unstored(restoreBatch.entries)
      if (batch.length === 0) return true
      try {
        const limits = { milliseconds: restoreBatch.longestMs, isRepeatable: false, closing: signal }
        await askInTime(() => Promise.all(batch.map(putBack)), limits)
      } catch {
        return false
      }
    }
    return false
  }

  function restoreLater(ms: number): void {
    later(ms * random(), () => void restore().then(restored))
  }

  function restored(done: boolean): void {
    state.failedRestores = done ? 0 : state.failedRestores + 1
    // It may have been lost again meanwhile.
    state.restoring = !done || reader.entries.isMissing()
    if (state.restoring) restoreLater(pauseMs(state.failedRestores, restoreRetryMs))
  }

  function restoreSoon(): void {
    if (state.restoring) return
    state.restoring = true
    restoreLater(restoreRetryMs.first)
  }

  const unsubscribe = store.subscribe(pushed)
  const first = reader.read()
  void first.then((read) => {
    // A fleet that starts at once does not poll at once.
    if (read) later(random() * pollSeconds * 1000, readAndPoll)
    else poll(read)
  })

  return {
    ...reader,
    first,
    close() {
      if (signal.aborted) return
      closing.abort(new Error('these revocations are closed'))
      unsubscribe()
    },
  }
}
