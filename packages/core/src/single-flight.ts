/** Work of which one piece runs at a time. */
export interface SingleFlight<T> {
  /** Joins the work that is under way, or begins it. */
  join(): Promise<T>
  /** What is under way. */
  underWay(): Promise<T> | undefined
}

/**
 * Runs work once for all who ask while it is under way: a hundred requests that miss the same thing cause one question.
 *
 * @param work - is not called again before its promise has settled
 */
export function createSingleFlight<T>(work: () => Promise<T>): SingleFlight<T> {
  const state = { running: undefined as Promise<T> | undefined }
  return {
    join() {
      state.running ??= work().finally(() => {
        state.running = undefined
      })
      return state.running
    },
    underWay: () => state.running,
  }
}
