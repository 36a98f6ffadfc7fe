/** What an error of the server means for the operation that met it. */
export interface Meaning {
  /** Nothing happened, and the same statement may succeed at once. */
  readonly again: boolean
  /** The connection is of no use any more. */
  readonly connectionLost: boolean
  /** For the host's log. */
  readonly text: string
}

const again = { again: true, connectionLost: false }
const failed = { again: false, connectionLost: false }
const lost = { again: false, connectionLost: true }

const notMigrated: Meaning = { ...failed, text: 'the schema is missing or older than this release: run migrate()' }

/** By SQLSTATE, else by its class (the first two characters). PostgreSQL documentation, appendix A. */
const meanings: Readonly<Record<string, Meaning>> = {
  '08': { ...lost, text: 'the connection failed' },
  '25006': { ...lost, text: 'the server takes no writes: it is a standby, or read-only by default_transaction_read_only' },
  '28': { ...lost, text: 'the server refused the credentials of the pool' },
  '3D000': { ...lost, text: 'the database does not exist' },
  '3F000': notMigrated,
  '40001': { ...again, text: 'a concurrent transaction was in the way' },
  '40P01': { ...again, text: 'a deadlock was broken' },
  '42501': { ...failed, text: 'the role of the pool lacks a privilege' },
  '42703': notMigrated,
  '42P01': notMigrated,
  '53': { ...lost, text: 'the server is out of a resource' },
  '55000': { ...lost, text: 'the server cannot do this now: it may be in recovery' },
  '55P03': { ...failed, text: 'a lock was not to be had in time' },
  '57014': { ...failed, text: 'the server cancelled the statement, perhaps by its statement_timeout' },
  '57': { ...lost, text: 'the server ended the connection' },
  '58': { ...lost, text: 'the server met an error of its system' },
  XX: { ...lost, text: 'the server met an internal error' },
}

const fromServer: Meaning = { ...failed, text: 'the server refused the statement' }
const fromDriver: Meaning = { ...lost, text: 'the server cannot be reached' }

/** The SQLSTATE that an error carries, at any depth of its causes. */
export function sqlStateOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const { code, cause, severity } = error as { code?: unknown; cause?: unknown; severity?: unknown }
  if (typeof code === 'string' && code.length === 5 && severity !== undefined) return code
  return sqlStateOf(cause)
}

/** What an error of `pg` means. */
export function meaningOf(error: unknown): Meaning {
  const state = sqlStateOf(error)
  if (state === undefined) return fromDriver
  return meanings[state] ?? meanings[state.slice(0, 2)] ?? fromServer
}
