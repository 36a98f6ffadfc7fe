/** A parameter. */
export type Value = string | number | Buffer | null

/**
 * The part of a prepared statement that is called. It is called with null too, which is left out here: with TypeScript 5 the types of libsql would not
 * fit otherwise.
 */
export interface SqliteStatement {
  all(...values: NonNullable<Value>[]): unknown[]
  run(...values: NonNullable<Value>[]): { readonly changes: number | bigint }
}

/** The part of an open database that is called: a `DatabaseSync` of `node:sqlite`, or one of better-sqlite3 or libsql. */
export interface SqliteDatabase {
  /** The path by which it was opened, as better-sqlite3 tells it. SQLite itself tells only where the links on the path lead. */
  readonly name?: string
  prepare(sql: string): SqliteStatement
  /** Absent in databases of the host's own making. */
  exec?(sql: string): unknown
  close(): unknown
}

/** A row as a driver answers it. */
export type Row = Readonly<Record<string, unknown>>

/** Never in UTF-8: what follows is UTF-16, of a text that is not well-formed Unicode. */
const utf16Mark = 0xff

/** A text for a blob, as UTF-8: some drivers cut a text at its first zero byte. */
export function bytesOf(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8')
  return bytes.toString('utf8') === text ? bytes : Buffer.concat([Buffer.of(utf16Mark), Buffer.from(text, 'utf16le')])
}

function bufferOf(value: unknown): Buffer {
  if (value instanceof ArrayBuffer) return Buffer.from(value)
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  throw new TypeError(`a blob must be read as bytes, got ${typeof value}`)
}

/** The text of a blob, as any of the drivers answers it. */
export function textOf(value: unknown): string {
  const bytes = bufferOf(value)
  return bytes[0] === utf16Mark ? bytes.toString('utf16le', 1) : bytes.toString('utf8')
}
