import { Late } from '../statements/calls.js'
import type { Run } from './driver.js'
import { outage } from './outage.js'

/** The statements of one operation. `giveUpAt` is by the monotonic clock of this process. */
export type Work<T> = (run: Run, giveUpAt: number) => Promise<T>

/** An operation that changes something, with its deadline in milliseconds of the server's time. */
export type TimedChange = <T>(work: (run: Run, deadline: number) => Promise<T>) => Promise<T>

/** Two clocks drift apart: the server's is read again this often, in milliseconds. */
const readEveryMs = 60_000
const clockText = 'select (extract(epoch from clock_timestamp()) * 1000)::text as now'

/** Operations that are told their deadline in the time of the server. */
export function timedChange(operation: <T>(work: Work<T>) => Promise<T>): TimedChange {
  // how far the server's clock is beyond ours, and when that was read
  const clock = { aheadMs: 0, readHere: Number.NEGATIVE_INFINITY }

  /** Read before the answer arrives: a deadline is rather early than late. */
  async function read(run: Run): Promise<number> {
    const [row] = await run(clockText, [])
    const here = performance.now()
    clock.readHere = here
    clock.aheadMs = Number(row?.now) - here
    return clock.aheadMs
  }

  async function aheadMs(run: Run): Promise<number> {
    const here = performance.now()
    if (here - clock.readHere < readEveryMs) return clock.aheadMs
    // others go on with the old reading meanwhile, if there is one
    if (Number.isFinite(clock.readHere)) clock.readHere = here
    return read(run)
  }

  return (work) =>
    operation(async (run, giveUpAt) => {
      try {
        return await work(run, giveUpAt + (await aheadMs(run)))
      } catch (cause) {
        if (!(cause instanceof Late)) throw cause
        if (performance.now() >= giveUpAt) throw outage(cause)
      }
      // it comes late although its caller still waits: the deadline was wrong, a clock was turned
      try {
        return await work(run, giveUpAt + (await read(run)))
      } catch (cause) {
        throw cause instanceof Late ? outage(cause) : cause
      }
    })
}
