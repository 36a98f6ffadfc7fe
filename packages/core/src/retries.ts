/** Work that failed, and until when it is tried again. */
interface Left {
  readonly work: () => Promise<unknown>
  /** By the monotonic clock of this process. */
  readonly until: number
}

const pauseMs = 250
/** Well within the time for which a store knows its calls. */
const longestMs = 30_000
/** An outage under load leaves no more than this behind. */
const most = 10_000

/**
 * Tries work again that failed because a store was away: what could not be taken back. One piece of work at a time is tried every 250 ms, because while the
 * store is away all others would fail as well; when one succeeds, the others follow at once. Each is tried for 30 s. The timers do not keep the process alive.
 *
 * @returns adds work; it must not harm when it is done twice
 * @example
 * const tryAgain = createRetries()
 * tryAgain(async () => console.log('done'))
 */
export function createRetries(): (work: () => Promise<unknown>) => void {
  const left: Left[] = []
  const state = { isRunning: false }

  async function run(): Promise<void> {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const isDone =
        next.until <= performance.now() ||
        (await next.work().then(
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

  return (work) => {
    if (left.length >= most) return
    left.push({ work, until: performance.now() + longestMs })
    start()
  }
}
