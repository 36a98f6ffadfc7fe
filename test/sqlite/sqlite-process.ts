import { type SqliteDatabase, sqliteStores } from '@countersign/sqlite'
import { serveStores } from '@countersign/testkit'
import { type ProcessSetup, patientMs } from './process-setup.js'

const { file, driver, library } = JSON.parse(process.argv[2] ?? '') as ProcessSetup
const { default: Libsql } = (await import(library)) as { default: new (path: string) => SqliteDatabase }
const stores = sqliteStores(driver === 'libsql' ? () => new Libsql(file) : file, { maxWaitMs: patientMs })
process.once('SIGTERM', () => void stores.close().then(() => process.exit()))
await stores.ready()
serveStores(stores)
