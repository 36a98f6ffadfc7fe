import { randomBytes } from 'node:crypto'
import { migrate, postgresStores } from '@countersign/postgres'
import { Pool } from 'pg'
import { type Effort, interleave } from './measure.js'
import type { Result } from './report.js'
import { concurrent, inFlight } from './stores-bench.js'

const bareName = 'pg insert on conflict'

async function open(): Promise<Pool | undefined> {
  const connectionString = process.env.POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres'
  const pool = new Pool({ connectionString, max: 8, connectionTimeoutMillis: 1_000 })
  pool.on('error', () => undefined)
  try {
    await pool.query('select 1')
    return pool
  } catch {
    await pool.end()
    return undefined
  }
}

/** `claim` beside one insert of the driver that says whether it was the first; in a schema of its own, which is dropped. */
export async function postgresBench(effort: Effort): Promise<readonly Result[]> {
  const pool = await open()
  if (pool === undefined) {
    process.stderr.write('postgres-claim: no PostgreSQL (POSTGRES_URL), not measured\n')
    return []
  }
  const schema = `bench_${randomBytes(6).toString('hex')}`
  try {
    await migrate(pool, { schema })
    await pool.query(`create table "${schema}".bare (id text primary key, until timestamptz not null)`)
    const stores = postgresStores(pool, { schema })
    await stores.ready()
    const ids = { next: 0 }
    const nextId = (): string => {
      ids.next += 1
      return `id-${ids.next}`
    }
    const insert = `insert into "${schema}".bare values ($1, clock_timestamp() + interval '2 seconds') on conflict do nothing`
    const bare = (): Promise<unknown> => pool.query(insert, [nextId()])
    const claim = (): Promise<unknown> => stores.replay.claim({ purpose: 'private_key_jwt', id: nextId(), issuedAgoMs: 0, ttlMs: 2_000 })
    const measured = await interleave([concurrent(bareName, bare), concurrent('countersign', claim)], bareName, effort)
    await stores.close()
    return measured.map(({ name, opsPerSecond, ratio }) => ({
      bench: 'postgres-claim',
      subject: name,
      alg: `${inFlight} in flight`,
      ops: opsPerSecond,
      ratio,
      against: bareName,
    }))
  } finally {
    await pool.query(`drop schema if exists "${schema}" cascade`)
    await pool.end()
  }
}
