import { type CallIds, createCallIds } from '@countersign/core'

type Change<T> = (callId: string) => Promise<T>

/** What one request changed in our stores, so that a later failure of ours can take it back. */
export interface Changes {
  /**
   * Makes a change.
   *
   * @param undo - takes the change back. It gets the same call id. It must do nothing if the change did not take place: it is also
   *   called when `make` rejected, because then nobody knows.
   */
  make<T>(make: Change<T>, undo?: Change<unknown>): Promise<T>
  /** Takes all changes back, the last one first. It never rejects: what a store cannot take back now is tried again later. */
  takeBack(): Promise<void>
}

/** A change that could not be taken back yet. */
interface Left {
  readonly undo: () => Promise<unknown>
  /** By the monotonic clock of this process. */
  readonly until: number
}

const pauseMs = 250
/** Well within the time for which a store knows its calls. */
const longestMs = 30_000
/** An outage under load leaves no more than this behind. */
const most = 10_000

/** Tries again until the store is back, one at a time: while it is away every other one would fail as well. */
function createLater(): (undo: Left['undo']) => void {
  const left: Left[] = []
  const state = { isRunning: false }

  async function run(): Promise<void> {
    for (let next = left[0]; next !== undefined; next = left[0]) {
      const { undo, until } = next
      if (
        until > performance.now() &&
        !(await undo().then(
          () => true,
          () => false,
        ))
      )
        break
      left.shift()
    }
    state.isRunning = false
    start()
  }

  function start(): void {
    if (state.isRunning || left.length === 0) return
    state.isRunning = true
    setTimeout(() => void run(), pauseMs).unref()
  }

  return (undo) => {
    if (left.length >= most) return
    left.push({ undo, until: performance.now() + longestMs })
    start()
  }
}

/** Gives each request its own list of changes. */
export function createChangesOf(ids: CallIds = createCallIds()): () => Changes {
  const later = createLater()
  return () => {
    const made: (() => Promise<unknown>)[] = []
    return {
      make(make, undo) {
        const callId = ids()
        if (undo) made.unshift(() => undo(callId))
        return make(callId)
      },
      async takeBack() {
        for (const undo of made.splice(0)) await undo().catch(() => later(undo))
      },
    }
  }
}
