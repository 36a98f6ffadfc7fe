/** So long this process may work at a stretch, in milliseconds, while requests wait. */
const sliceMs = 5
/** The clock is looked at after so many steps: looking costs as much as a short step. */
const stepsPerLook = 64

/** Work in stretches that end in time for other work. */
export interface Slices {
  /** Counts one step. True when the stretch has lasted long enough. */
  isOver(): boolean
  /** Lets this process do other work, and begins another stretch. */
  rest(): Promise<void>
  /** Milliseconds of work, without the rests. */
  workedMs(): number
}

/** Begins work that consists of short steps. */
export function createSlices(): Slices {
  const state = { steps: 0, begun: performance.now(), workedMs: 0 }
  return {
    isOver() {
      state.steps += 1
      return state.steps % stepsPerLook === 0 && performance.now() - state.begun >= sliceMs
    },
    async rest() {
      state.workedMs += performance.now() - state.begun
      await new Promise((resolve) => void setImmediate(resolve))
      state.begun = performance.now()
    },
    workedMs: () => state.workedMs + performance.now() - state.begun,
  }
}
