import type { SqliteDatabase, SqliteStatement } from '@countersign/sqlite'
import type { BreakableNetwork } from '@countersign/testkit'

type Mode = 'open' | 'answers lost' | 'requests held' | 'down'

/** As the drivers tell it. */
function sqliteError(name: string): Error {
  return Object.assign(new Error(name), { code: name })
}

/** A disk that breaks: what a network is to a server. */
export interface BreakableDisk {
  readonly network: BreakableNetwork
  /** Opens a database on the disk. */
  open(): SqliteDatabase
}

/**
 * Passes statements on, as long as it is told to. A lost answer is a commit that is carried out and answered with an error; a request that is held is
 * a lock that others have.
 */
export function breakableDisk(openFile: () => SqliteDatabase): BreakableDisk {
  const state: { mode: Mode } = { mode: 'open' }

  function through<T>(sql: string, action: () => T): T {
    if (state.mode === 'down') throw sqliteError('SQLITE_IOERR_READ')
    if (state.mode === 'requests held' && sql.startsWith('begin')) throw sqliteError('SQLITE_BUSY')
    const answer = action()
    if (state.mode === 'answers lost' && sql === 'commit') throw sqliteError('SQLITE_IOERR_FSYNC')
    return answer
  }

  const statement = (sql: string, inner: SqliteStatement): SqliteStatement => ({
    all: (...values) => through(sql, () => inner.all(...values)),
    run: (...values) => through(sql, () => inner.run(...values)),
  })

  const set = (mode: Mode) => () => {
    state.mode = mode
  }

  return {
    network: { loseAnswers: set('answers lost'), holdRequests: set('requests held'), breakDown: set('down'), restore: set('open') },
    open() {
      if (state.mode === 'down') throw sqliteError('SQLITE_CANTOPEN')
      const database = openFile()
      return { prepare: (sql) => statement(sql, database.prepare(sql)), close: () => database.close() }
    },
  }
}
