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
  /** Takes all changes back, the last one first. What cannot be taken back stays. It never rejects. */
  takeBack(): Promise<void>
}

/** Gives each request its own list of changes. */
export function createChangesOf(ids: CallIds = createCallIds()): () => Changes {
  return () => {
    const made: (() => Promise<unknown>)[] = []
    return {
      make(make, undo) {
        const callId = ids()
        if (undo) made.unshift(() => undo(callId))
        return make(callId)
      },
      async takeBack() {
        for (const undo of made.splice(0)) await undo().catch(() => undefined)
      },
    }
  }
}
