import { checkOptions, kind, type Lifecycle, type OptionShape, type Readiness, retaining, type Stores, shownValue } from '@countersign/core'
import { sqliteAttempts } from './attempts.js'
import { sqliteAudit } from './audit.js'
import { sqliteChallenges } from './challenges.js'
import { createDatabase } from './connection/database.js'
import { sqliteDocuments } from './documents.js'
import type { SqliteDatabase } from './driver/driver.js'
import { opensFile } from './driver/open-database.js'
import { type Engine, engineOn } from './engine.js'
import { sqliteFamilies } from './families.js'
import { sqliteNonces } from './nonces.js'
import { sqliteReplay } from './replay.js'
import { sqliteRevocations } from './revocations.js'
import { tenantName } from './statements/row-key.js'
import { type SweepOptions, type SweepResult, sweep } from './sweep/sweep.js'
import { asOutage, createCheck } from './write-check.js'

/** What the stores may be told that is not an error of a call. */
export interface SqliteWarning {
  /**
   * The small file beside the database cannot be written. A backup that is copied over the database while no process runs is not noticed then:
   * what was claimed after the backup can be claimed again. Told once.
   */
  readonly name: 'memory_unchecked'
  /** Why. */
  readonly detail: string
}

/** How the stores use the file. */
export interface SqliteStoresOptions {
  /**
   * Keeps several tenants apart in one file; any text.
   * @defaultValue ''
   */
  readonly tenant?: string
  /**
   * Milliseconds after which an operation is an outage, waiting for another process included.
   * @defaultValue 1000
   */
  readonly maxWaitMs?: number
  /**
   * Removes what has expired, of all tenants, at this interval. Stores on the same database object share one timer, with the shortest interval.
   * @defaultValue 60
   */
  readonly sweepEverySeconds?: number
  /** Called for problems of the file that are not the error of one call. @defaultValue a warning of the process */
  readonly onWarning?: (warning: SqliteWarning) => void
}

/** All contracts on one SQLite file. */
export interface SqliteStores extends Stores {
  /**
   * Removes what has expired, of every tenant, in slices. It runs at intervals by itself; any number of processes may do it at once.
   * @throws TypeError for a batch that is not a positive whole number; Unavailable
   */
  sweep(options?: SweepOptions): Promise<SweepResult>
}

const shape: OptionShape<SqliteStoresOptions> = {
  tenant: kind.satisfying('a string', (value) => typeof value === 'string'),
  maxWaitMs: kind.number({ unit: 'milliseconds', isAbove: true }),
  sweepEverySeconds: kind.positiveSeconds,
  onWarning: kind.func,
}

function emitWarning({ name, detail }: SqliteWarning): void {
  process.emitWarning(`${name}: ${detail}`, 'CountersignSqliteWarning')
}

/** @throws TypeError for a value that is not a database */
function sourceOf(file: string | SqliteDatabase | (() => SqliteDatabase)): SqliteDatabase | (() => SqliteDatabase) {
  if (typeof file === 'string') return opensFile('sqliteStores', file)
  if (typeof file === 'function' || typeof file?.prepare === 'function') return file
  throw new TypeError(
    `sqliteStores: the first argument must be a path, an open database, or a function that opens one, got ${shownValue(file)}`,
  )
}

function lifecycleOf(check: () => Promise<void>, { sweeping }: Engine, ends: readonly (() => unknown)[]): Lifecycle {
  const state: { closing: Promise<void> | undefined } = { closing: undefined }
  const endAll = async (): Promise<void> => {
    for (const end of ends) await end()
  }
  const close = (): Promise<void> => (state.closing ??= endAll())
  return {
    async ready(): Promise<Readiness> {
      const sqlite = await check().then(
        () => ({ ok: true }) as const,
        (cause: unknown) => ({ ok: false, cause }) as const,
      )
      const failure = sweeping.failure()
      const swept = failure === undefined ? ({ ok: true } as const) : ({ ok: false, cause: failure } as const)
      return { ok: sqlite.ok, parts: { sqlite, sweep: swept } }
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/**
 * Every store contract on one SQLite file, for the processes of one machine. The tables are made, and brought to the version of this release, when
 * the file is first used. Every change is on the disk before it is answered.
 *
 * @param file - a path, which `node:sqlite` opens (Node 22.13 or later); or an open `DatabaseSync`, better-sqlite3 or libsql database that
 *   nothing else uses, which stays open; or a function that opens one, which is called again when the file was replaced
 * @throws TypeError for options that cannot be
 * @example
 * import { sqliteStores } from '@countersign/sqlite'
 *
 * const stores = sqliteStores('/var/lib/api/auth.db')
 * await stores.ready()
 */
export function sqliteStores(file: string | SqliteDatabase | (() => SqliteDatabase), options: SqliteStoresOptions = {}): SqliteStores {
  checkOptions('sqliteStores', options, shape)
  const { maxWaitMs = 1_000, sweepEverySeconds = 60, onWarning = emitWarning } = options
  const warned = { once: false }
  const engine = engineOn(sourceOf(file), (cause) => {
    if (warned.once) return
    warned.once = true
    onWarning({ name: 'memory_unchecked', detail: cause instanceof Error ? cause.message : String(cause) })
  })
  const tenant = tenantName(options.tenant ?? '')
  const database = createDatabase(engine.connection, engine.queue, { maxWaitMs })
  const check = createCheck(database, tenant)
  const checkWrites = asOutage(check)
  const closing = new AbortController()
  const stopSweeping = engine.sweeping.join(sweepEverySeconds, (signal) => sweep(database, { signal }))
  const ends = [() => closing.abort(new Error('these stores are closed')), stopSweeping, engine.join()]
  const keys = sqliteDocuments(database, tenant, 'keys')
  return {
    replay: { ...sqliteReplay(database, tenant), checkWrites },
    nonces: { ...sqliteNonces(database, tenant), checkWrites },
    challenges: { ...sqliteChallenges(database, tenant), checkWrites },
    families: { ...sqliteFamilies(database, tenant), checkWrites },
    attempts: { ...sqliteAttempts(database, tenant), checkWrites },
    clients: { ...sqliteDocuments(database, tenant, 'clients'), checkWrites },
    keys: { ...keys, checkWrites },
    accounts: { ...sqliteDocuments(database, tenant, 'accounts'), checkWrites },
    revocations: { ...retaining(sqliteRevocations(database, tenant, engine.watch), keys), checkWrites },
    audit: { ...sqliteAudit(database, tenant), checkWrites },
    sweep: (how) => sweep(database, { ...how, signal: how?.signal ? AbortSignal.any([how.signal, closing.signal]) : closing.signal }),
    ...lifecycleOf(check, engine, ends),
  }
}
