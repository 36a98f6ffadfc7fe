import { resolve } from 'node:path'
import type { SqliteDatabase } from './driver.js'

/** What `node:sqlite` has. */
interface NodeSqlite {
  readonly DatabaseSync: new (path: string) => SqliteDatabase
}

/** Node loads it only at its first use: the module does not exist before 22.13. */
function nodeSqlite(): NodeSqlite | undefined {
  const { getBuiltinModule } = process as { getBuiltinModule?: (id: string) => unknown }
  return getBuiltinModule?.('node:sqlite') as NodeSqlite | undefined
}

/**
 * Opens files with `node:sqlite`.
 *
 * @throws TypeError where this Node has none, or the path names no file
 */
export function opensFile(caller: string, path: string): () => SqliteDatabase {
  if (path === '' || path === ':memory:' || path.startsWith('file:'))
    throw new TypeError(`${caller}: the first argument must be the path of a file, got ${JSON.stringify(path)}`)
  const { DatabaseSync } = nodeSqlite() ?? {}
  if (DatabaseSync === undefined)
    throw new TypeError(
      `${caller}: the first argument must be a function on Node before 22.13, for instance () => new Database(path) of better-sqlite3 or libsql, got a path on Node ${process.versions.node}`,
    )
  // another folder may be the current one when the file is opened again
  const name = resolve(path)
  return () => Object.assign(new DatabaseSync(name), { name })
}
