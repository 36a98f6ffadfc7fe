import { scanPosition } from '@countersign/core'
import { postgresStores } from '@countersign/postgres'
import type { Pool } from 'pg'
import { expect, it } from 'vitest'
import { describeWith } from '../services.js'
import { quietPool, schemasOf } from './postgres-backend.js'

const documents = 4_000
const idOf = (n: number): string => `d${String(n).padStart(5, '0')}`

/** A connection adds what it read to the statistics at the end of a statement, once a second. */
async function addStatistics(pool: Pool): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1_200))
  await pool.query('select 1')
}

describeWith('postgres', 'pages of prepared statements', (url) => {
  it('are read by the index wherever they begin, however often the statement was run', async () => {
    // the server makes a plan for all calls when it has seen some
    const pool = quietPool(url, { max: 1, options: '-c plan_cache_mode=force_generic_plan' })
    const schema = await schemasOf(pool).create()
    const stores = postgresStores(pool, { schema, prepare: true, listen: false })
    const entriesRead = async (): Promise<number> => {
      await addStatistics(pool)
      const text = `
        select (select sum(idx_tup_read) from pg_stat_user_indexes where schemaname = $1)::int
          + (select sum(seq_tup_read) from pg_stat_user_tables where schemaname = $1 and relname = 'documents')::int as entries`
      return Number((await pool.query<{ readonly entries: number }>(text, [schema])).rows[0]?.entries)
    }
    try {
      await pool.query(`
        insert into "${schema}".documents (tenant, kind, collection, id, value, group_name, revision)
        select ''::bytea, 'accounts', convert_to('listed', 'UTF8'), convert_to('d' || lpad(n::text, 5, '0'), 'UTF8'), '1'::bytea, convert_to('g' || n % 2, 'UTF8'), 1
        from generate_series(0, ${documents - 1}) n`)
      await pool.query(`vacuum analyze "${schema}".documents`)
      const before = await entriesRead()
      const times = 12
      for (let time = 0; time < times; time += 1) {
        const page = { collection: 'listed', limit: 10, after: idOf(documents - 100) }
        expect((await stores.accounts.list(page))[0]?.id).toBe(idOf(documents - 99))
        expect((await stores.accounts.list({ ...page, filter: { group: 'g1' } }))[0]?.id).toBe(idOf(documents - 99))
        expect((await stores.accounts.list({ ...page, filter: { idPrefix: 'd0' } }))[0]?.id).toBe(idOf(documents - 99))
        const scanned = await stores.accounts.scan({ limit: 10, after: scanPosition({ collection: 'listed', id: page.after }) })
        expect(scanned.items[0]?.id).toBe(idOf(documents - 99))
      }
      expect((await entriesRead()) - before).toBeLessThan(times * 4 * 100)
    } finally {
      await stores.close()
      await schemasOf(pool).drop(schema)
      await pool.end()
    }
  })
})
