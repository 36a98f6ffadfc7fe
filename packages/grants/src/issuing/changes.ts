import { type CallIds, createCallIds, createRetries, startRequestTimer, stopRequestTimer } from '@countersign/core'

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

/** Gives each request its own list of changes. */
export function createChangesOf(ids: CallIds = createCallIds()): () => Changes {
  const tryAgain = createRetries()
  return () => {
    const made: (() => Promise<unknown>)[] = []
    return {
      make(make, undo) {
        const callId = ids()
        if (undo) made.unshift(() => undo(callId))
        return make(callId)
      },
      async takeBack() {
        const all = made.splice(0).map((undo) => undo().catch(() => tryAgain(undo)))
        await atMost(Promise.all(all), takenBackWithinMs)
      },
    }
  }
}
