export type { SqliteDatabase, SqliteStatement } from './driver/driver.js'
export { type SqliteStores, type SqliteStoresOptions, type SqliteWarning, sqliteStores } from './sqlite-stores.js'
export type { SweepOptions, SweepResult, SweptTable } from './sweep/sweep.js'
