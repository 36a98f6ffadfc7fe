import { postgresStores } from '@countersign/postgres'
import type { Pool } from 'pg'
import { patientMs } from '../postgres/postgres-backend.js'
import type { DrivenStore } from './played.js'

const columns = 'tenant, key, binding, data, generation, rotated_at, revoked, expires_at'

/** So long that what the calls themselves take does not matter. */
const tickMs = 60_000

const times = {
  memory: ['since'],
  claims: ['expires_at'],
  nonces: ['written_at', 'expires_at'],
  families: ['rotated_at', 'expires_at'],
  backup: ['rotated_at', 'expires_at'],
}

/** A tenant for each trace. Time passes by moving into the past all that was written. */
export async function postgresDriver(pool: Pool, schema: string, tenant: string): Promise<DrivenStore> {
  const stores = postgresStores(pool, { schema, tenant, maxWaitMs: patientMs, listen: false })
  const place = Buffer.from(tenant)
  await stores.ready()

  async function run(...statements: readonly string[]): Promise<void> {
    const client = await pool.connect()
    try {
      await client.query('begin')
      for (const statement of statements) await client.query(statement, [place])
      await client.query('commit')
    } finally {
      client.release()
    }
  }
  const clock = { passedMs: 0 }
  return {
    tickMs,
    stores: () => stores,
    now: () => clock.passedMs + performance.now(),
    async tick() {
      clock.passedMs += tickMs
      const moved = Object.entries(times).map(([table, columns]) => {
        const earlier = columns.map((column) => `${column} = ${column} - interval '${tickMs} ms'`)
        return `update "${schema}".${table} set ${earlier.join(', ')} where tenant = $1`
      })
      await run(...moved)
    },
    backUp: () =>
      run(
        `delete from "${schema}".backup where tenant = $1`,
        `insert into "${schema}".backup select ${columns} from "${schema}".families where tenant = $1`,
      ),
    restore: () =>
      run(
        `delete from "${schema}".families where tenant = $1`,
        `insert into "${schema}".families (${columns}) select ${columns} from "${schema}".backup where tenant = $1`,
      ),
    async empty() {
      await run(...['memory', 'claims', 'nonces', 'families'].map((table) => `delete from "${schema}".${table} where tenant = $1`))
      await stores.ready()
    },
    close: () => stores.close(),
  }
}

/** What backups are kept in. */
export async function prepareBackups(pool: Pool, schema: string): Promise<void> {
  await pool.query(`create table "${schema}".backup as select ${columns} from "${schema}".families with no data`)
}
