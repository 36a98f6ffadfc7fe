import type { SqliteDatabase } from '@countersign/sqlite'
import Libsql from 'libsql'

/** A library that opens SQLite files. */
export interface Driver {
  readonly name: 'node:sqlite' | 'libsql'
  open(path: string): SqliteDatabase
}

const libsql: Driver = { name: 'libsql', open: (path) => new Libsql(path) }

/** What this Node has: absent on Node 20. */
const builtin = process.getBuiltinModule?.('node:sqlite') as { readonly DatabaseSync: new (path: string) => SqliteDatabase } | undefined

const nodeSqlite: readonly Driver[] = builtin ? [{ name: 'node:sqlite', open: (path) => new builtin.DatabaseSync(path) }] : []

const here: readonly Driver[] = [...nodeSqlite, libsql]
const { SQLITE_DRIVER: only } = process.env

/** Those that this Node has, or the one that `SQLITE_DRIVER` names. The gate runs these tests on a Node with `node:sqlite` too. */
export const drivers: readonly Driver[] = only === undefined ? here : [driverNamed(only)]

/** The driver of that name. */
function driverNamed(name: string): Driver {
  const found = here.find((driver) => driver.name === name)
  if (found === undefined) throw new Error(`no driver ${name}`)
  return found
}
