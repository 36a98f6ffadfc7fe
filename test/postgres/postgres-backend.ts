import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { migrate, type PostgresStoresOptions, postgresStores } from '@countersign/postgres'
import { breakableProxy, type OpenedStores, remoteStores, type StoreBackend } from '@countersign/testkit'
import { Pool, type PoolConfig } from 'pg'
import { bundleProcess, type ProcessBundle } from '../stores/process-bundle.js'

/** A tenant that nobody else has. A schema for each case would take longer than the cases. */
export interface PostgresPlace {
  readonly tenant: string
}

/** What a process is told. */
export interface ProcessSetup extends PostgresPlace {
  readonly url: string
  readonly schema: string
}

/** So long that a busy machine, or a case that calls thousands of times at once, is no outage. */
export const patientMs = 15_000

/** A pool whose connections may break. */
export function quietPool(url: string, config: PoolConfig = {}): Pool {
  const pool = new Pool({ connectionString: url, max: 8, ...config })
  pool.on('error', () => undefined)
  return pool
}

/** Creates schemas of random names and drops them. */
export function schemasOf(pool: Pool): { create(): Promise<string>; drop(schema: string): Promise<void> } {
  return {
    async create() {
      const schema = `test_${randomBytes(9).toString('hex')}`
      await migrate(pool, { schema })
      return schema
    },
    async drop(schema) {
      await pool.query(`drop schema if exists "${schema}" cascade`)
    },
  }
}

const temporary = ['claims', 'nonces', 'challenges', 'families', 'attempts', 'audit']
const lasting = ['memory', 'documents', 'revocations']

/**
 * A backend for the conformance suite; `close` when all cases are done.
 *
 * @param prepare - changes the schema before anything is opened
 */
export function postgresBackend(
  url: string,
  options: Partial<PostgresStoresOptions> = {},
  prepare: (schema: string) => Promise<void> = async () => undefined,
): StoreBackend<PostgresPlace> & { close(): Promise<void> } {
  const admin = quietPool(url)
  const schemas = schemasOf(admin)
  const state: { bundle: Promise<ProcessBundle> | undefined; schema: Promise<string> | undefined } = {
    bundle: undefined,
    schema: undefined,
  }
  const schemaOfAll = (): Promise<string> => {
    state.schema ??= schemas.create().then(async (schema) => {
      await prepare(schema)
      return schema
    })
    return state.schema
  }

  async function open(
    { tenant }: PostgresPlace,
    more: Partial<PostgresStoresOptions> = {},
    config: PoolConfig = {},
  ): Promise<OpenedStores> {
    const pool = quietPool(url, { application_name: tenant, ...config })
    const stores = postgresStores(pool, { schema: await schemaOfAll(), tenant, maxWaitMs: patientMs, ...options, ...more })
    return {
      stores,
      async close() {
        await stores.close()
        await pool.end()
      },
    }
  }

  async function deleteAll({ tenant }: PostgresPlace): Promise<void> {
    const schema = await schemaOfAll()
    const deletions = [...temporary, ...lasting].map((table) => `delete from "${schema}".${table} where tenant = '${tenant}'`)
    await admin.query(deletions.join(';'))
  }

  return {
    createPlace: async () => ({ tenant: randomBytes(9).toString('hex') }),
    removePlace: deleteAll,
    open,
    openTenant: ({ tenant: place }, tenant) => open({ tenant: place }, { tenant: `${place} ${tenant}` }),
    openReadOnly: (place) => open(place, {}, { options: '-c default_transaction_read_only=on' }),
    async openProcess({ tenant }) {
      state.bundle ??= bundleProcess(fileURLToPath(new URL('./postgres-process.ts', import.meta.url)))
      const { path } = await state.bundle
      const told: ProcessSetup = { url, schema: await schemaOfAll(), tenant }
      return remoteStores(fork(path, [JSON.stringify(told)], { serialization: 'advanced', execArgv: [] }))
    },
    async openBreakable(place) {
      const { hostname, port } = new URL(url)
      const proxy = await breakableProxy({ host: hostname, port: Number(port || 5432) })
      const via = new URL(url)
      via.hostname = '127.0.0.1'
      via.port = String(proxy.port)
      const { stores, close } = await open(place, { maxWaitMs: 1_000 }, { connectionString: via.href, connectionTimeoutMillis: 1_000 })
      return { stores, network: proxy, close: () => close().finally(() => proxy.close()) }
    },
    /** Ends every connection of the place, as a restart does. */
    async restart({ tenant }) {
      await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [tenant])
    },
    forget: deleteAll,
    async withoutEnd({ tenant }) {
      const schema = await schemaOfAll()
      const found = temporary.map(
        (table) => `select '${table}' as name from "${schema}".${table} where tenant = '${tenant}' and not isfinite(expires_at)`,
      )
      const { rows } = await admin.query<{ name: string }>(found.join(' union all '))
      return rows.map(({ name }) => name)
    },
    propertyRuns: 25,
    async close() {
      if (state.schema) await schemas.drop(await state.schema)
      await admin.end()
      await (await state.bundle)?.remove()
    },
  }
}
