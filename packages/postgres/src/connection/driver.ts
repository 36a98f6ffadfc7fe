import { shownValue } from '@countersign/core'

/** One statement as `pg` takes it. */
export interface PostgresQuery {
  readonly text: string
  readonly values?: unknown[]
  /** Of a prepared statement. */
  readonly name?: string
}

/** A row as `pg` answers it. */
export type Row = Readonly<Record<string, unknown>>

/** Runs one statement, a transaction of its own. Rejects with `Unavailable`. */
export type Run = (text: string, values: unknown[]) => Promise<readonly Row[]>

/** The part of a connection of `pg` that is called. */
export interface PostgresClient {
  query(query: PostgresQuery): Promise<{ readonly rows: readonly Row[] }>
  on(event: 'error', listener: (cause: Error) => void): unknown
  on(event: 'notification', listener: (message: { readonly payload?: string | undefined }) => void): unknown
  on(event: 'end', listener: () => void): unknown
  removeListener(event: 'error', listener: (cause: Error) => void): unknown
  /** Gives the connection back to the pool; `true` closes it. */
  release(destroy?: boolean): void
}

/** The part of a `pg` pool that is called. */
export interface PostgresPool {
  readonly options?: { readonly max?: number | undefined }
  /** True from `end()` on. */
  readonly ending?: boolean
  connect(): Promise<PostgresClient>
  connect(callback: (cause: Error | undefined, client: PostgresClient | undefined) => void): void
}

/** @throws TypeError for a value that is not a pool, such as a connection string */
export function requirePool(caller: string, pool: PostgresPool): void {
  if (typeof pool?.connect !== 'function')
    throw new TypeError(`${caller}: the first argument must be a pool of pg, got ${shownValue(pool)}`)
}

/** Never in UTF-8: what follows is UTF-16, of a text that is not well-formed Unicode. */
const utf16Mark = 0xff

/** A text for a bytea column, as UTF-8. PostgreSQL's own text has no zero byte and depends on the encoding of the database. */
export function bytesOf(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8')
  return bytes.toString('utf8') === text ? bytes : Buffer.concat([Buffer.of(utf16Mark), Buffer.from(text, 'utf16le')])
}

/** The text of a bytea column. */
export function textOf(value: unknown): string {
  if (!Buffer.isBuffer(value))
    throw new TypeError('a bytea column must be read as a Buffer: leave the type parser of bytea (oid 17) unchanged')
  return value[0] === utf16Mark ? value.toString('utf16le', 1) : value.toString('utf8')
}
