import { lateCode } from '../scripts/script-parts.js'
import type { RunScript } from '../scripts/scripts.js'
import { isCluster, type RedisClient } from './redis-client.js'

/** The server's clock, seen from this process's monotonic one. */
export interface ServerClock {
  /** The server said `now`, in milliseconds, before `here`. */
  wasRead(now: number, here: number): void
  /** The server's time now, in whole milliseconds; rather too early than too late. */
  now(): number
  /** An instant of this process in milliseconds of the server's time. Rounded down, and read before an answer arrived: rather too early than too late. */
  deadlineOf(here: number): number
  /** The same by a new reading, of the server that has `key`: nodes of a Cluster have a clock each. */
  deadlineAt(key: string, here: number): Promise<number>
}

/** Two clocks drift apart: the server's is read again this often, in milliseconds. */
const readEveryMs = 60_000

/** A timer of Node may fire a little before its time: a call that it gave up must not be in time at the server. */
const earlyMs = 5

/** The script came too late for the deadline that it was given. */
export function isLate(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith(lateCode)
}

/** @param usual - the key whose server tells the time */
export function serverClock(client: RedisClient, run: RunScript, usual: string): ServerClock {
  const state = { aheadMs: 0, readHere: performance.now() }

  function wasRead(now: number, here: number): void {
    state.aheadMs = now - here
    state.readHere = here
  }

  async function read(key: string): Promise<number> {
    const now = Number(await run('storeClock', key))
    const here = performance.now()
    if (key === usual || !isCluster(client)) wasRead(now, here)
    return now - here
  }

  return {
    wasRead,
    now: () => Math.floor(performance.now() + state.aheadMs),
    deadlineOf(here) {
      const now = performance.now()
      if (now - state.readHere >= readEveryMs) {
        state.readHere = now
        void read(usual).catch(() => undefined)
      }
      return Math.floor(here + state.aheadMs) - earlyMs
    },
    deadlineAt: async (key, here) => Math.floor(here + (await read(key))) - earlyMs,
  }
}
