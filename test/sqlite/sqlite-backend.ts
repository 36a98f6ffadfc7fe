import { type ChildProcess, fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type SqliteDatabase, type SqliteStoresOptions, sqliteStores } from '@countersign/sqlite'
import { type OpenedStores, remoteStores, type StoreBackend } from '@countersign/testkit'
import { bundleProcess, type ProcessBundle } from '../stores/process-bundle.js'
import { breakableDisk } from './breakable-driver.js'
import type { Driver } from './drivers.js'
import { type ProcessSetup, patientMs } from './process-setup.js'

/** A folder with one file. */
export interface SqlitePlace {
  readonly folder: string
  readonly file: string
  /** Closes what was opened in this process, under the stores. */
  readonly opened: (() => void)[]
}

/** A folder that nobody else has. */
export async function newPlace(): Promise<SqlitePlace> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-sqlite-'))
  return { folder, file: join(folder, 'auth.db'), opened: [] }
}

/** Removes the file and what SQLite and the stores have beside it. */
export async function removeFile({ file }: SqlitePlace): Promise<void> {
  for (const ending of ['', '-wal', '-shm', '-changes']) await rm(`${file}${ending}`, { force: true })
}

export const removePlace = ({ folder }: SqlitePlace): Promise<void> => rm(folder, { recursive: true, force: true })

/** Starts `sqlite-process.ts` in processes of their own. */
interface Processes {
  start(file: string, driver: Driver): Promise<ChildProcess>
  close(): Promise<void>
}

export function processes(): Processes {
  const state: { bundle: Promise<ProcessBundle> | undefined } = { bundle: undefined }
  return {
    async start(file, { name }) {
      state.bundle ??= bundleProcess(fileURLToPath(new URL('./sqlite-process.ts', import.meta.url)))
      const told: ProcessSetup = { file, driver: name, library: import.meta.resolve('libsql') }
      return fork((await state.bundle).path, [JSON.stringify(told)], { serialization: 'advanced', execArgv: ['--no-warnings'] })
    },
    close: async () => (await state.bundle)?.remove(),
  }
}

const temporary = ['claims', 'nonces', 'challenges', 'families', 'attempts', 'calls', 'audit']

/** Every change answers as it would on a disk that takes no writes. */
function readOnly(database: SqliteDatabase): SqliteDatabase {
  database.prepare('pragma query_only = 1').all()
  return database
}

/** A database that ends with its statements: those of libsql outlive it. */
function ending(database: SqliteDatabase): { readonly database: SqliteDatabase; end(): void } {
  const state = { ended: false }
  function whileOpen<T>(action: () => T): T {
    if (state.ended) throw new TypeError('The database connection is not open')
    return action()
  }
  const end = (): void => {
    if (!state.ended) database.close()
    state.ended = true
  }
  const prepare: SqliteDatabase['prepare'] = (sql) => {
    const statement = whileOpen(() => database.prepare(sql))
    return {
      all: (...values) => whileOpen(() => statement.all(...values)),
      run: (...values) => whileOpen(() => statement.run(...values)),
    }
  }
  return { database: { prepare, close: end }, end }
}

/** A backend for the conformance suite; `close` when all cases are done. */
export function sqliteBackend(driver: Driver, options: SqliteStoresOptions = {}): StoreBackend<SqlitePlace> & { close(): Promise<void> } {
  const others = processes()
  const open = (place: SqlitePlace, more: SqliteStoresOptions = {}, opens = () => driver.open(place.file)): OpenedStores => {
    const keep = (): SqliteDatabase => {
      const { database, end } = ending(opens())
      place.opened.push(end)
      return database
    }
    const stores = sqliteStores(keep, { maxWaitMs: patientMs, ...options, ...more })
    return { stores, close: () => stores.close() }
  }
  return {
    createPlace: newPlace,
    removePlace,
    open: async (place) => open(place),
    openTenant: async (place, tenant) => open(place, { tenant }),
    openReadOnly: async (place) => open(place, {}, () => readOnly(driver.open(place.file))),
    openProcess: async ({ file }) => remoteStores(await others.start(file, driver)),
    async openBreakable(place) {
      const disk = breakableDisk(() => driver.open(place.file))
      return { ...open(place, { maxWaitMs: 300 }, disk.open), network: disk.network }
    },
    /** Closes every connection under the stores, which open others. Other tests end processes. */
    async restart({ opened }) {
      for (const end of opened.splice(0)) end()
    },
    forget: removeFile,
    async withoutEnd({ file }) {
      const database = driver.open(file)
      const found = temporary.filter(
        (table) => database.prepare(`select 1 from countersign_${table} where expires_at > ?`).all(Date.now() + 1e10).length > 0,
      )
      database.close()
      return found
    },
    propertyRuns: 25,
    close: () => others.close(),
  }
}
