import {
  checkOptions,
  kind,
  type Lifecycle,
  type OptionShape,
  type Readiness,
  type RevocationStore,
  requireDuration,
  retaining,
  rowKey,
  type Stores,
} from '@countersign/core'
import { postgresAttempts } from './attempts.js'
import { postgresAudit } from './audit.js'
import { postgresChallenges } from './challenges.js'
import { createDatabase } from './connection/connection.js'
import { bytesOf, type PostgresPool, requirePool } from './connection/driver.js'
import { whileOpen } from './connection/pool-ending.js'
import { createMemorySince, type PostgresWarning } from './connection/server-memory.js'
import { asOutage, createCheck } from './connection/write-check.js'
import { postgresDocuments } from './documents.js'
import { postgresFamilies } from './families.js'
import { postgresNonces } from './nonces.js'
import { postgresReplay } from './replay.js'
import { postgresRevocations } from './revocations.js'
import { channelOf, quoteSchema } from './schema/schema-name.js'
import { createPush, type Push } from './subscription.js'
import { type SweepOptions, type SweepResult, sweep } from './sweep/sweep.js'
import { type SweepTimer, sweepEvery } from './sweep/sweep-timer.js'

/** How the stores use the database. */
export interface PostgresStoresOptions {
  /** The schema that `migrate` was given. */
  readonly schema: string
  /**
   * Keeps several tenants apart in one schema; any text.
   * @defaultValue ''
   */
  readonly tenant?: string
  /**
   * Milliseconds after which an operation is an outage, waiting for a connection included.
   * @defaultValue 1000
   */
  readonly maxWaitMs?: number
  /**
   * Whether a promoted standby has every committed write, as with synchronous replication. Else what was remembered ends
   * with a promotion: claims for things issued before are `unprovable`, nonces `unknown`, and guards write revocations back.
   * @defaultValue false
   */
  readonly promotionLosesNothing?: boolean
  /**
   * Whether to LISTEN, on one connection of the pool, while somebody subscribes to revocations. Not behind a pooler in
   * transaction mode, nor with a pool of one connection: there the polling of the readers has to do.
   * @defaultValue true
   */
  readonly listen?: boolean
  /**
   * Prepares statements by name, so that a connection parses each once. Not behind a pooler that does not know them.
   * @defaultValue false
   */
  readonly prepare?: boolean
  /**
   * Sweeps all tenants at this interval. Stores on the same pool and schema share one timer, with the shortest interval of them. Otherwise nothing
   * runs unless `sweep` is called.
   * @defaultValue undefined
   */
  readonly sweepEverySeconds?: number
  /** Called for problems of the server that are not the error of one call. @defaultValue a warning of the process */
  readonly onWarning?: (warning: PostgresWarning) => void
}

/** All contracts on PostgreSQL. */
export interface PostgresStores extends Stores {
  /**
   * Removes what has expired, of every tenant of the schema, in batches; any number of processes may do it at once.
   * @throws TypeError for a batch that is not a positive whole number; Unavailable
   */
  sweep(options?: SweepOptions): Promise<SweepResult>
}

const shape: OptionShape<PostgresStoresOptions> = {
  schema: kind.required(kind.string),
  tenant: kind.satisfying('a string', (value) => typeof value === 'string'),
  maxWaitMs: kind.number({ unit: 'milliseconds', isAbove: true }),
  promotionLosesNothing: kind.flag,
  listen: kind.flag,
  prepare: kind.flag,
  sweepEverySeconds: kind.positiveSeconds,
  onWarning: kind.func,
}

function emitWarning({ name, detail }: PostgresWarning): void {
  process.emitWarning(`${name}: ${detail}`, 'CountersignPostgresWarning')
}

const silent: Push = { subscribe: () => () => undefined, close: () => undefined }

function lifecycleOf(
  check: () => Promise<void>,
  { push, closing, timer }: { readonly push: Push; readonly closing: AbortController; readonly timer: SweepTimer | undefined },
): Lifecycle {
  const close = async (): Promise<void> => {
    push.close()
    closing.abort(new Error('these stores are closed'))
    timer?.close()
  }
  return {
    async ready(): Promise<Readiness> {
      const server = await check().then(
        () => ({ ok: true }) as const,
        (cause: unknown) => ({ ok: false, cause }) as const,
      )
      const failure = timer?.failure()
      const swept = failure === undefined ? ({ ok: true } as const) : ({ ok: false, cause: failure } as const)
      return { ok: server.ok, parts: { postgres: server, ...(timer && { sweep: swept }) } }
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function timerOf(
  pool: PostgresPool,
  schema: string,
  everySeconds: number | undefined,
  sweepUntil: (signal: AbortSignal) => Promise<SweepResult>,
): SweepTimer | undefined {
  if (everySeconds === undefined) return undefined
  return sweepEvery(pool, schema, { everySeconds: requireDuration('sweepEverySeconds', everySeconds), sweep: sweepUntil })
}

/**
 * Every store contract on the `pg` pool of the host, for READ COMMITTED (the default of PostgreSQL, 12 or later). The pool stays the host's: it
 * is never ended, and its settings are not changed. `close` ends what is our own: the timer of sweeps and the
 * connection that listens.
 *
 * @param pool - of `pg` 8
 * @throws TypeError for options that cannot be
 */
export function postgresStores(pool: PostgresPool, options: PostgresStoresOptions): PostgresStores {
  checkOptions('postgresStores', options, shape)
  requirePool('postgresStores', pool)
  const schema = quoteSchema('postgresStores', options.schema)
  const tenant = bytesOf(options.tenant ?? '')
  const {
    maxWaitMs = 1_000,
    prepare = false,
    promotionLosesNothing = false,
    listen = true,
    sweepEverySeconds,
    onWarning = emitWarning,
  } = options
  const database = createDatabase(pool, { maxWaitMs: requireDuration('maxWaitMs', maxWaitMs), prepare })
  // Never prepared: a plan that is made once for all batches costs more than it saves, above all where the server compiles it.
  const sweeping = createDatabase(pool, { maxWaitMs, prepare: false })
  const memory = createMemorySince(schema, { tenant, promotionLosesNothing, onWarning })
  const check = createCheck(database, schema, memory)
  const checkWrites = asOutage(check)
  const topic = { channel: channelOf(options.schema), name: rowKey(options.tenant ?? '').toString('hex') }
  const push = listen && pool.options?.max !== 1 ? createPush(pool, topic) : silent
  const subscribe: RevocationStore['subscribe'] = (listener) => push.subscribe(listener)
  const closing = new AbortController()
  const sweepUntil = (signals: readonly AbortSignal[], how?: SweepOptions): Promise<SweepResult> =>
    whileOpen(pool, signals, (signal) => sweep(sweeping, schema, { ...how, signal }))
  const timer = timerOf(pool, schema, sweepEverySeconds, (signal) => sweepUntil([signal]))
  const keys = postgresDocuments(database, schema, { tenant, kind: 'keys' })
  return {
    replay: { ...postgresReplay(database, schema, { memory, tenant }), checkWrites },
    nonces: { ...postgresNonces(database, schema, { memory, tenant }), checkWrites },
    challenges: { ...postgresChallenges(database, schema, { memory, tenant }), checkWrites },
    families: { ...postgresFamilies(database, schema, tenant), checkWrites },
    attempts: { ...postgresAttempts(database, schema, tenant), checkWrites },
    clients: { ...postgresDocuments(database, schema, { tenant, kind: 'clients' }), checkWrites },
    keys: { ...keys, checkWrites },
    accounts: { ...postgresDocuments(database, schema, { tenant, kind: 'accounts' }), checkWrites },
    revocations: { ...retaining(postgresRevocations(database, schema, { tenant, memory, topic, subscribe }), keys), checkWrites },
    audit: { ...postgresAudit(database, schema, tenant), checkWrites },
    sweep: (how) => sweepUntil(how?.signal ? [how.signal, closing.signal] : [closing.signal], how),
    ...lifecycleOf(check, { push, closing, timer }),
  }
}
