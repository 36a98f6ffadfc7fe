import { type CallIds, createCallIds, type StoreCall, startRequestTimer } from '@countersign/core'
import { Fault, outage } from '../driver/fault.js'
import { pauseMs } from '../driver/pause.js'
import type { Tx } from '../driver/transaction.js'
import type { Connection } from './connection.js'
import type { WriteQueue } from './write-queue.js'

/** The file, as the stores of one tenant use it. Every failure of it is `Unavailable`. */
export interface Database {
  /** Reads of one moment. They wait for no writer. */
  read<T>(work: (tx: Tx) => T): Promise<T>
  /** A change; see {@link WriteQueue.add}. */
  write<T>(work: (tx: Tx) => T, maxWaitMs?: number): Promise<T>
  /** @throws TypeError for an id of another form */
  readonly callIdOf: CallIds
  /** Undefined for a call that cannot come again, because nobody knows its id. @throws TypeError for an id of another form */
  givenId(call: StoreCall | undefined): string | undefined
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => void startRequestTimer(resolve, milliseconds))

export function createDatabase(connection: Connection, queue: WriteQueue, options: { readonly maxWaitMs: number }): Database {
  const callIdOf = createCallIds()
  return {
    async read(work) {
      const giveUpAt = performance.now() + options.maxWaitMs
      for (let tries = 1; ; tries += 1) {
        try {
          return connection.transaction('read', work)
        } catch (cause) {
          if (!(cause instanceof Fault)) throw cause
          if (!cause.again || performance.now() >= giveUpAt) throw outage(cause)
        }
        await pause(pauseMs(tries))
      }
    },
    write: (work, maxWaitMs = options.maxWaitMs) => queue.add(work, maxWaitMs),
    callIdOf,
    givenId: (call) => (call?.callId === undefined ? undefined : callIdOf(call)),
  }
}
