import { createCallIds, eventChannel } from '@countersign/core'

/** Work that is done in the background, and tried again while a store is away. */
export interface AuditQueue {
  /** @param append - is given the id of its call, the same each time */
  add(append: (callId: string) => Promise<unknown>): void
  /** Resolves when nothing is left: all is done, or lost. */
  flush(): Promise<void>
}

interface Waiting {
  readonly append: (callId: string) => Promise<unknown>
  readonly callId: string
  /** By the monotonic clock of this process. */
  readonly giveUpAt: number
}

const atOnce = 16
const pauseMs = 250
/** Well within the time for which a store knows its calls. */
const longestMs = 30_000
/** An outage under load keeps no more entries in memory. */
const most = 10_000

const events = eventChannel('countersign:audit')

/** What is lost is told with its number, once for all that is lost at the same time. */
function createLosses(): (cause: unknown) => void {
  const state = { count: 0, cause: undefined as unknown }
  const tell = (): void => {
    const { count, cause } = state
    state.count = 0
    if (!events.hasSubscribers) process.emitWarning(`${count} entries of the audit were lost`, 'CountersignAuditWarning')
    events.publish({ outcome: 'lost', count, cause })
  }
  return (cause) => {
    state.count += 1
    state.cause = cause
    if (state.count === 1) setImmediate(tell)
  }
}

/** Entries that are to be written, in the order in which they came as far as the store allows. */
export function createAuditQueue(): AuditQueue {
  const callIdOf = createCallIds()
  const lose = createLosses()
  const waiting: Waiting[] = []
  const idle = new Set<() => void>()
  const state = { running: 0, isPaused: false }

  function pause(): void {
    if (state.isPaused) return
    state.isPaused = true
    setTimeout(() => {
      state.isPaused = false
      pump()
    }, pauseMs).unref()
  }

  async function attempt(one: Waiting): Promise<void> {
    try {
      await one.append(one.callId)
    } catch (cause) {
      // an entry that is wrong does not become right
      if (cause instanceof TypeError || performance.now() >= one.giveUpAt) lose(cause)
      else {
        waiting.unshift(one)
        pause()
      }
    }
    state.running -= 1
    pump()
  }

  function pump(): void {
    while (!state.isPaused && state.running < atOnce) {
      const one = waiting.shift()
      if (one === undefined) break
      state.running += 1
      void attempt(one)
    }
    if (state.running > 0 || waiting.length > 0) return
    for (const resolve of idle) resolve()
    idle.clear()
  }

  return {
    add(append) {
      if (waiting.length >= most) return lose(new Error(`${most} entries wait already`))
      waiting.push({ append, callId: callIdOf(), giveUpAt: performance.now() + longestMs })
      pump()
    },
    async flush() {
      if (state.running === 0 && waiting.length === 0) return
      // the timers of the queue keep no process alive
      const awake = setInterval(() => undefined, pauseMs)
      await new Promise<void>((resolve) => idle.add(resolve))
      clearInterval(awake)
    },
  }
}
