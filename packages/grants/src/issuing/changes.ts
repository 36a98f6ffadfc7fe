import { type CallIds, createCallIds, startRequestTimer, stopRequestTimer } from '@countersign/core'

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
  /** Takes all changes back, within a quarter of a second or later. It never rejects: what a store cannot take back now is tried again. */
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

/** So long an answer 503 waits for what is taken back: it may itself be the answer to a store that hangs. */
const takenBackWithinMs = 250

async function atMost(work: Promise<unknown>, milliseconds: number): Promise<void> {
  const started: { timer?: NodeJS.Timeout } = {}
  const over = new Promise<void>((resolve) => {
    started.timer = startRequestTimer(resolve, milliseconds)
  })
  await Promise.race([work, over])
  stopRequestTimer(started.timer)
}

/** Tries again until the store is back, one at a time: while it is away every other one would fail as well. */
function createLater(): (undo: Left['undo']) => void {
  const left: Left[] = []
  const state = { isRunning: false }

  async function run(): Promise<void> {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const isDone =
        next.until <= performance.now() ||
        (await next.undo().then(
          () => true,
          () => false,
        ))
      if (isDone) continue
      // Behind the others: one that always fails must not hold them up.
      left.push(next)
      break
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
        const all = made.splice(0).map((undo) => undo().catch(() => later(undo)))
        await atMost(Promise.all(all), takenBackWithinMs)
      },
    }
  }
}
