import { postgresStores } from '@countersign/postgres'
import { expect, it } from 'vitest'
import { describeWith } from '../services.js'
import { quietPool, schemasOf } from './postgres-backend.js'

/** Settings with which the server divides each statement that it may among several processes, as it does where tables are large. */
const free = ['parallel_setup_cost', 'parallel_tuple_cost', 'min_parallel_table_scan_size', 'min_parallel_index_scan_size']
const parallel = [...free.map((name) => `-c ${name}=0`), '-c parallel_leader_participation=off'].join(' ')

describeWith('postgres', 'counts on PostgreSQL', (url) => {
  it('are right when the server counts in several processes', async () => {
    const pool = quietPool(url, { options: parallel })
    const schema = await schemasOf(pool).create()
    const { accounts, close } = postgresStores(pool, { schema })
    try {
      const collection = 'counted'
      await pool.query(`
        insert into "${schema}".documents (tenant, kind, collection, id, value, group_name, revision)
        select ''::bytea, 'accounts', convert_to('counted', 'UTF8'), convert_to('d' || n, 'UTF8'), '1'::bytea, convert_to('g' || n % 3, 'UTF8'), 1 from generate_series(1, 90000) n
        union all
        select ''::bytea, 'accounts', convert_to('other' || n, 'UTF8'), 'd'::bytea, '1'::bytea, null, 1 from generate_series(1, 90000) n`)
      await pool.query(`vacuum analyze "${schema}".documents`)
      const groups = ['g0', 'g1', 'g2'].map((group) => ({ group, count: 30_000 }))
      for (let time = 0; time < 20; time += 1) expect(await accounts.count({ collection })).toEqual({ total: 90_000, groups })
    } finally {
      await close()
      await schemasOf(pool).drop(schema)
      await pool.end()
    }
  })
})
