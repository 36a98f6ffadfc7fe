import { type PostgresStores, type PostgresStoresOptions, postgresStores } from '@countersign/postgres'
import type { Pool, PoolConfig } from 'pg'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { patientMs, quietPool, schemasOf } from './postgres-backend.js'

/** Stores and the pool under them. */
export interface Lane {
  readonly pool: Pool
  readonly stores: PostgresStores
}

/** A schema for the tests of one suite, dropped after them. */
export interface TestSchema {
  readonly admin: Pool
  schema(): string
  /** Stores on a pool of their own, closed after the test. */
  open(options?: Partial<PostgresStoresOptions>, config?: PoolConfig): Lane
}

/** To be called in a suite. */
export function testSchema(url: string): TestSchema {
  const admin = quietPool(url)
  const schemas = schemasOf(admin)
  const state = { schema: '' }
  const lanes: Lane[] = []
  beforeAll(async () => {
    state.schema = await schemas.create()
  })
  afterEach(async () => {
    for (const { stores, pool } of lanes.splice(0)) {
      await stores.close()
      await pool.end()
    }
  })
  afterAll(async () => {
    await schemas.drop(state.schema)
    await admin.end()
  })
  return {
    admin,
    schema: () => state.schema,
    open(options = {}, config = {}) {
      const pool = quietPool(url, config)
      const stores = postgresStores(pool, { schema: state.schema, maxWaitMs: patientMs, ...options })
      lanes.push({ pool, stores })
      return { pool, stores }
    },
  }
}

/** Waits until a condition of the server holds. */
export async function untilTrue(check: () => Promise<boolean>, withinMs = 10_000): Promise<void> {
  const end = performance.now() + withinMs
  while (!(await check())) {
    if (performance.now() > end) throw new Error('it did not come true')
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Waits until as many backends of an application wait for a lock. */
export function untilWaiting(admin: Pool, application: string, count = 1): Promise<void> {
  return untilTrue(async () => {
    const { rows } = await admin.query<{ waiting: string }>(
      `select count(*) as waiting from pg_stat_activity where application_name = $1 and wait_event_type = 'Lock'`,
      [application],
    )
    return Number(rows[0]?.waiting) >= count
  })
}
