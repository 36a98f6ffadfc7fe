import { randomBytes } from 'node:crypto'
import { migrate, postgresStores } from '@countersign/postgres'
import { Pool } from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWithServers, type OwnServer, startServer } from './own-server.js'
import { untilTrue } from './schema-setup.js'

const day = 86_400_000

describeWithServers('rows that are written again and again', () => {
  const own: { server?: OwnServer; pool?: Pool } = {}
  const schema = 'churn'
  const pool = (): Pool => own.pool ?? expect.fail('the server is not there')

  beforeAll(async () => {
    own.server = await startServer()
    own.pool = new Pool({ connectionString: own.server.url })
    own.pool.on('error', () => undefined)
    await migrate(own.pool, { schema })
  }, 60_000)
  afterAll(async () => {
    await own.pool?.end()
    await own.server?.remove()
  })

  async function updates(): Promise<{ readonly all: number; readonly hot: number }> {
    const { rows } = await pool().query<{ all: string; hot: string }>(
      "select n_tup_upd as all, n_tup_hot_upd as hot from pg_stat_user_tables where schemaname = $1 and relname = 'families'",
      [schema],
    )
    return { all: Number(rows[0]?.all), hot: Number(rows[0]?.hot) }
  }

  it('a rotation that moves the end of its family writes no index', async () => {
    const stores = postgresStores(pool(), { schema, tenant: 'hot' })
    const family = randomBytes(16).toString('hex')
    const ttlMs = 14 * day
    await stores.families.create({ family, binding: 'client', data: 'data', ttlMs })
    for (let generation = 0; generation < 200; generation += 1)
      expect(await stores.families.rotate({ family, generation, binding: 'client', retryWindowMs: 0, ttlMs })).toMatchObject({
        outcome: 'rotated',
      })
    await untilTrue(async () => (await updates()).all >= 200)
    const { all, hot } = await updates()
    expect(hot / all).toBeGreaterThan(0.9)
    await stores.close()
  })

  it('the counter of one busy client does not wait for the disk', async () => {
    await pool().query('alter system set commit_delay = 5000')
    await pool().query('alter system set commit_siblings = 0')
    await pool().query('select pg_reload_conf()')
    const stores = postgresStores(pool(), { schema, tenant: 'busy' })
    await stores.attempts.reserve({ key: 'client', limit: 10_000, windowMs: day })
    const from = performance.now()
    const verdicts = await Promise.all(
      Array.from({ length: 400 }, () => stores.attempts.reserve({ key: 'client', limit: 10_000, windowMs: day })),
    )
    const ms = performance.now() - from
    expect(verdicts.every(({ ok }) => ok)).toBe(true)
    expect(await stores.attempts.used('client')).toBe(401)
    // One commit after the other would take 2 s.
    expect(ms).toBeLessThan(1_000)
    await stores.close()
  })

  it('families of the release before this one are swept as well', async () => {
    const stores = postgresStores(pool(), { schema, tenant: 'old' })
    const insert = `insert into "${schema}".families (tenant, key, binding, data, generation, expires_at)
      select 'old', int4send(n), 'client', 'data', 0, now() + case when n <= 30 then interval '-1 ms' else interval '1 hour' end from generate_series(1, 40) n`
    await pool().query(insert)
    expect((await stores.sweep({ batch: 7 })).families).toBe(30)
    expect((await pool().query(`select from "${schema}".families where tenant = 'old' and sweep_at <= expires_at`)).rowCount).toBe(10)
    await stores.close()
  })

  it('a sweep finds what has expired by an index', async () => {
    const text = `explain (format text) select tenant, key from "${schema}".families where sweep_at <= now() and expires_at <= now() limit 1000`
    await pool().query(
      `insert into "${schema}".families (tenant, key, binding, data, generation, expires_at, sweep_at)
       select 'many', int4send(n), 'client', 'data', 0, now() + interval '9 days', now() + interval '9 days' from generate_series(1, 50000) n`,
    )
    await pool().query(`analyze "${schema}".families`)
    const { rows } = await pool().query<{ 'QUERY PLAN': string }>(text)
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('families_sweep_at')
  })
})
