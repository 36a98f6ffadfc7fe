import { resolve } from 'node:path'
import type { Row, SqliteDatabase, SqliteStatement, Value } from '../driver/driver.js'
import { Fault, faultOf, faultThat, inTransaction } from '../driver/fault.js'
import type { Tx } from '../driver/transaction.js'
import { fileIdentity } from '../schema/file-identity.js'
import type { Mark } from '../schema/mark.js'
import { clockSql, fits, type Place, readPlace, readPlaceAndClock, settle } from '../schema/place.js'

/** Where the database comes from. */
export interface Source {
  open(): SqliteDatabase
  /** True if it was opened for the stores: then they may close it and open it again. */
  readonly isOwn: boolean
}

/** One connection, which is opened when it is first used. */
export interface Connection {
  /**
   * Runs work as one transaction, at once. What it throws undoes everything; a `write` takes the lock of the file first.
   * @throws Fault if the file cannot be read or written; what the work throws
   */
  transaction<T>(kind: 'read' | 'write', work: (tx: Tx) => T): T
  /** Another number after another connection has changed the file. @throws Fault */
  version(): string
  close(): void
}

interface Opened {
  readonly database: SqliteDatabase
  readonly path: string
  /** The path with its links, where the host's driver tells it: others who open it find the file there. */
  readonly name: string
  readonly identity: string
  readonly statements: Map<string, SqliteStatement>
  /** So many changes the file had at least. */
  changes: number
  /** Our tables are there. */
  hasTables: boolean
}

interface Changing extends Tx {
  now: number
  readonly changed: () => boolean
}

function statementOf({ database, statements }: Opened, sql: string): SqliteStatement {
  const statement = statements.get(sql) ?? database.prepare(sql)
  statements.set(sql, statement)
  return statement
}

function rowsOf(file: Opened, sql: string, values: readonly Value[] = []): readonly Row[] {
  try {
    return statementOf(file, sql).all(...(values as NonNullable<Value>[])) as Row[]
  } catch (cause) {
    throw faultOf(cause)
  }
}

function changesOf(file: Opened, sql: string, values: readonly Value[] = []): number {
  try {
    return Number(statementOf(file, sql).run(...(values as NonNullable<Value>[])).changes)
  } catch (cause) {
    throw faultOf(cause)
  }
}

function beginTransaction(file: Opened, kind: 'read' | 'write'): void {
  try {
    // With libsql a prepared `begin immediate` that finds the file locked is never reset, and no later transaction of the connection ends.
    if (kind === 'write' && file.database.exec !== undefined) file.database.exec('begin immediate')
    else statementOf(file, kind === 'write' ? 'begin immediate' : 'begin').run()
  } catch (cause) {
    const isWithin = cause instanceof Error && cause.message.includes('within a transaction')
    throw isWithin ? inTransaction(cause) : faultOf(cause)
  }
}

function endTransaction(file: Opened, how: 'commit' | 'rollback'): void {
  try {
    statementOf(file, how).run()
  } catch (cause) {
    // an error may have ended the transaction already
    if (how === 'commit') throw faultOf(cause, true)
  }
}

function statementsIn(file: Opened): Changing {
  const state = { changed: false }
  return {
    now: 0,
    rows: (sql, ...values) => rowsOf(file, sql, values),
    run(sql, ...values) {
      const changes = changesOf(file, sql, values)
      state.changed ||= changes > 0
      return changes
    },
    changed: () => state.changed,
  }
}

/** Sets the clock. @returns the place where it fits; undefined where it must be settled first */
function placeIn(tx: Changing, file: Opened): Place | undefined {
  const { place, now } = file.hasTables ? readPlaceAndClock(tx) : { place: readPlace(tx), now: Number(tx.rows(clockSql)[0]?.now) }
  tx.now = now
  file.hasTables = fits(place, file)
  return file.hasTables ? place : undefined
}

function runIn<T>(file: Opened, kind: 'read' | 'write', work: (tx: Tx) => T): { readonly value: T } | 'settle' {
  beginTransaction(file, kind)
  try {
    const tx = statementsIn(file)
    const place = placeIn(tx, file) ?? (kind === 'write' ? settle(tx, file) : undefined)
    if (place === undefined) {
      endTransaction(file, 'rollback')
      return 'settle'
    }
    const value = work(tx)
    const changes = place.changes + (tx.changed() ? 1 : 0)
    if (tx.changed()) tx.run('update countersign_place set changes = changes + 1')
    endTransaction(file, 'commit')
    file.changes = changes
    return { value }
  } catch (cause) {
    endTransaction(file, 'rollback')
    throw cause
  }
}

/** @throws Fault if the connection is to another file than the path */
function requireSameFile({ path, name, identity }: Opened): void {
  for (const at of name === path ? [path] : [name, path]) {
    const there = fileIdentity(at)
    if (there === undefined) throw faultThat('the file is gone')
    if (there !== identity) throw faultThat('the file was replaced while it was open')
  }
}

/** A name that does not lead to the file is not a path. */
function nameOf({ name }: SqliteDatabase, path: string, identity: string): string {
  const full = typeof name === 'string' && name !== '' ? resolve(name) : path
  return fileIdentity(full) === identity ? full : path
}

/** @param identityBefore - of a database that is not ours to open again: it is still the file that it was */
function openFile(source: Source, mark: Mark, identityBefore: string | undefined): Opened {
  const database = source.open()
  const statements = new Map<string, SqliteStatement>()
  const bare = { database, statements, path: '', name: '', identity: '', changes: 0, hasTables: false }
  try {
    rowsOf(bare, 'pragma busy_timeout = 0')
    const path = rowsOf(bare, 'pragma database_list').find(({ name }) => name === 'main')?.file
    const mode = rowsOf(bare, 'pragma journal_mode = wal')[0]?.journal_mode
    if (typeof path !== 'string' || path === '' || mode !== 'wal')
      throw faultThat('the database must be in a file that can have a write-ahead log: not in memory, and not on a network')
    changesOf(bare, 'pragma synchronous = full')
    const identity = identityBefore ?? fileIdentity(path)
    if (identity === undefined) throw faultThat('the file is gone')
    return { ...bare, path, name: nameOf(database, path, identity), identity, changes: mark.read(path) }
  } catch (cause) {
    if (source.isOwn) database.close()
    throw cause
  }
}

/** @param mark - is told of changes, and asked at the opening */
export function createConnection(source: Source, mark: Mark): Connection {
  const state: { file: Opened | undefined; path: string | undefined; identity: string | undefined; openings: number; closed: boolean } = {
    file: undefined,
    path: undefined,
    identity: undefined,
    openings: 0,
    closed: false,
  }

  function drop(): void {
    const { file } = state
    state.file = undefined
    if (!source.isOwn || file === undefined) return
    try {
      file.database.close()
    } catch {
      // one that fails to close is of no use either way
    }
  }

  function open(): Opened {
    if (state.closed) throw faultThat('these stores are closed')
    if (state.file) return state.file
    // a file that is gone is not made anew by a process that used it: an empty store would refuse everybody
    if (state.path !== undefined && fileIdentity(state.path) === undefined) throw faultThat(`the file is gone: ${state.path}`)
    try {
      state.file = openFile(source, mark, source.isOwn ? undefined : state.identity)
    } catch (cause) {
      throw faultOf(cause)
    }
    state.path = state.file.name
    state.identity = state.file.identity
    state.openings += 1
    return state.file
  }

  /** A file that was replaced is opened anew, once. */
  function current(): Opened {
    const file = open()
    try {
      requireSameFile(file)
      return file
    } catch (cause) {
      drop()
      if (!source.isOwn) throw cause
      return open()
    }
  }

  function transaction<T>(kind: 'read' | 'write', work: (tx: Tx) => T): T {
    const file = current()
    try {
      const before = file.changes
      let done = runIn(file, kind, work)
      if (done === 'settle') {
        runIn(file, 'write', () => undefined)
        done = runIn(file, kind, work)
      }
      if (done === 'settle') throw faultThat('the file changes under this process')
      if (kind === 'write' && file.changes !== before) mark.note(file.path, file.changes)
      return done.value
    } catch (cause) {
      if (cause instanceof Fault && cause.connectionLost) drop()
      throw cause
    }
  }

  return {
    transaction,
    version() {
      const file = current()
      const [row] = rowsOf(file, 'pragma data_version')
      return `${state.openings} ${String(row?.data_version)}`
    },
    close() {
      mark.close()
      drop()
      state.closed = true
    },
  }
}
