import { type Connection, createConnection, type Source } from './connection/connection.js'
import { createWatch, type Watch } from './connection/watch.js'
import { createWriteQueue, type WriteQueue } from './connection/write-queue.js'
import type { SqliteDatabase } from './driver/driver.js'
import { createMark } from './schema/mark.js'
import { createSweepTimer, type SweepTimer } from './sweep/sweep-timer.js'

/** What stores on one connection share. */
export interface Engine {
  readonly connection: Connection
  readonly queue: WriteQueue
  readonly watch: Watch
  readonly sweeping: SweepTimer
  /** @returns is called when the stores are closed; the last call ends what is shared, once nothing waits */
  join(): () => Promise<void>
}

function createEngine(source: Source, onMarkFault: (cause: unknown) => void, whenLeft: () => void): Engine {
  const connection = createConnection(source, createMark(onMarkFault))
  const queue = createWriteQueue(connection)
  const watch = createWatch(connection)
  const state = { users: 0 }
  return {
    connection,
    queue,
    watch,
    sweeping: createSweepTimer(),
    join() {
      state.users += 1
      return async () => {
        state.users -= 1
        if (state.users > 0) return
        whenLeft()
        watch.close()
        await queue.drained()
        connection.close()
      }
    },
  }
}

/** What is per connection is shared by all stores on it: a hundred tenants on one database object have one queue. */
const shared = new WeakMap<SqliteDatabase, Engine>()

/** @param source - a database that the host opened, or how to open one for the stores */
export function engineOn(source: SqliteDatabase | (() => SqliteDatabase), onMarkFault: (cause: unknown) => void): Engine {
  if (typeof source === 'function') return createEngine({ open: source, isOwn: true }, onMarkFault, () => undefined)
  const engine = shared.get(source) ?? createEngine({ open: () => source, isOwn: false }, onMarkFault, () => void shared.delete(source))
  shared.set(source, engine)
  return engine
}
