/** A reading that takes longer than a request waits for it. */
export interface LongReading {
  begins(): void
  ends(): void
  isLong(): boolean
  /** The result of a reading; false as soon as it is a long one. */
  inTime(reading: Promise<boolean>): Promise<boolean>
}

export function createLongReading(): LongReading {
  const waiting = new Set<() => void>()
  const state = { isLong: false }
  return {
    begins() {
      state.isLong = true
      for (const giveUp of waiting) giveUp()
      waiting.clear()
    },
    ends() {
      state.isLong = false
    },
    isLong: () => state.isLong,
    inTime(reading) {
      if (state.isLong) return Promise.resolve(false)
      return new Promise((resolve) => {
        const giveUp = (): void => resolve(false)
        waiting.add(giveUp)
        void reading.then((done) => {
          waiting.delete(giveUp)
          resolve(done)
        })
      })
    },
  }
}
