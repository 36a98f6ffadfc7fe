import { asUnavailable, type Unavailable } from '@countersign/core'

/** What an error of the driver means for the operation that met it. */
interface Meaning {
  /** Nothing happened, and the same may succeed in a moment. */
  readonly again: boolean
  /** The connection is of no use any more. */
  readonly connectionLost: boolean
  /** For the host's log. */
  readonly text: string
}

const again = { again: true, connectionLost: false }
const failed = { again: false, connectionLost: false }
const lost = { again: false, connectionLost: true }

/** By the primary result code. SQLite documentation, "Result and Error Codes". */
const meanings: Readonly<Record<string, Meaning>> = {
  PERM: { ...lost, text: 'the file may not be opened' },
  BUSY: { ...again, text: 'another connection is writing to the file' },
  LOCKED: { ...again, text: 'another statement of the same connection is under way' },
  NOMEM: { ...lost, text: 'SQLite has no memory left' },
  READONLY: { ...lost, text: 'the file takes no writes: it, its folder or the connection is read-only' },
  INTERRUPT: { ...failed, text: 'the statement was interrupted' },
  IOERR: { ...lost, text: 'the disk answered with an error' },
  CORRUPT: { ...lost, text: 'the file is damaged: restore a backup' },
  FULL: { ...failed, text: 'the disk is full, or the file has reached its max_page_count' },
  CANTOPEN: { ...lost, text: 'the file cannot be opened: its folder must exist and be writable' },
  PROTOCOL: { ...again, text: 'the lock of the file was not to be had' },
  AUTH: { ...lost, text: 'the connection may not do this' },
  NOTADB: { ...lost, text: 'the file is not a database of SQLite' },
}

const fromSqlite: Meaning = { ...lost, text: 'SQLite refused the statement' }
const fromDriver: Meaning = { ...lost, text: 'the database cannot be used: it may be closed' }

const names: Readonly<Record<number, string>> = {
  3: 'PERM',
  5: 'BUSY',
  6: 'LOCKED',
  7: 'NOMEM',
  8: 'READONLY',
  9: 'INTERRUPT',
  10: 'IOERR',
  11: 'CORRUPT',
  13: 'FULL',
  14: 'CANTOPEN',
  15: 'PROTOCOL',
  23: 'AUTH',
  26: 'NOTADB',
}

/** `node:sqlite` has a number as `errcode`; libsql has one as `rawCode`; better-sqlite3 and others have a name as `code`. */
function meaningOf(error: unknown): Meaning {
  const { errcode, rawCode, code } = (typeof error === 'object' && error !== null ? error : {}) as Readonly<Record<string, unknown>>
  const number = typeof errcode === 'number' ? errcode : rawCode
  if (typeof number === 'number') return meanings[names[number & 0xff] ?? ''] ?? fromSqlite
  const name = typeof code === 'string' ? /^SQLITE_([A-Z]+)/.exec(code)?.[1] : undefined
  return name === undefined ? fromDriver : (meanings[name] ?? fromSqlite)
}

/** The file could not be read or written. Everything else that work throws is its own verdict. */
export class Fault extends Error {
  override readonly name = 'Fault'
  readonly again: boolean
  readonly connectionLost: boolean
  /** It came with the commit, so whether that was carried out cannot be told. */
  readonly uncertain: boolean

  constructor(meaning: Meaning, options: { readonly cause?: unknown; readonly uncertain?: boolean } = {}) {
    super(meaning.text, 'cause' in options ? { cause: options.cause } : undefined)
    this.again = meaning.again
    this.connectionLost = meaning.connectionLost
    this.uncertain = options.uncertain === true
  }
}

/** What an error of the driver comes to. */
export function faultOf(cause: unknown, uncertain = false): Fault {
  return cause instanceof Fault ? cause : new Fault(meaningOf(cause), { cause, uncertain })
}

/** A fault that is not an error of the driver. @param connectionLost - the connection is to be opened anew */
export function faultThat(text: string, connectionLost = true): Fault {
  return new Fault(connectionLost ? { ...lost, text } : { ...failed, text })
}

/** The connection is in a transaction that others began on it. */
export function inTransaction(cause: unknown): Fault {
  const text = 'the database is in a transaction of its owner: give the stores a connection of their own'
  return new Fault({ ...again, text }, { cause })
}

/** What the caller is told. */
export function outage(cause: unknown): Unavailable {
  return asUnavailable(cause)
}
