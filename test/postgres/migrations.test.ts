import { randomBytes } from 'node:crypto'
import { migrate, migrationSql, postgresStores } from '@countersign/postgres'
import { storeConformance } from '@countersign/testkit'
import { afterAll, describe, expect, it } from 'vitest'
import { describeWith } from '../services.js'
import { postgresBackend, quietPool, schemasOf } from './postgres-backend.js'

/** What a release brings, and the next one. */
const [newest, later] = [9, 10]

describeWith('postgres', 'migrations', (url) => {
  const pool = quietPool(url)
  const second = quietPool(url)
  const schemas: string[] = []
  const newName = (): string => {
    const schema = `test_${randomBytes(9).toString('hex')}`
    schemas.push(schema)
    return schema
  }
  const applied = async (schema: string): Promise<readonly number[]> => {
    const { rows } = await pool.query<{ version: number }>(`select version from "${schema}".migrations order by version`)
    return rows.map(({ version }) => version)
  }
  afterAll(async () => {
    for (const schema of schemas) await schemasOf(pool).drop(schema)
    await pool.end()
    await second.end()
  })

  it('16 processes that migrate at once all succeed, and every step ran once', async () => {
    const schema = newName()
    const results = await Promise.all(Array.from({ length: 16 }, (_, n) => migrate(n % 2 === 0 ? pool : second, { schema })))
    expect(results.every(({ to }) => to === newest)).toBe(true)
    expect(await applied(schema)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, newest])
    expect(await migrate(pool, { schema })).toEqual({ from: newest, to: newest })
  })

  it('the printed script does the same, any number of times, also by a role that may create nothing more', async () => {
    const schema = newName()
    const script = migrationSql({ schema })
    await pool.query(script)
    await pool.query(script)
    expect(await applied(schema)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, newest])
    const stores = postgresStores(pool, { schema })
    expect((await stores.ready()).ok).toBe(true)
    const role = `role_${randomBytes(6).toString('hex')}`
    await pool.query(`create role ${role}; grant usage on schema "${schema}" to ${role};
      grant select, insert, update, delete on all tables in schema "${schema}" to ${role}`)
    const client = await pool.connect()
    try {
      await client.query(`set role ${role}`)
      await client.query(script)
    } finally {
      client.release(true)
    }
    const asApp = quietPool(url, { options: `-c role=${role}` })
    const app = postgresStores(asApp, { schema, tenant: 'app' })
    expect((await app.ready()).ok).toBe(true)
    expect(await app.replay.claim({ purpose: 'test', id: 'id', issuedAgoMs: 0, ttlMs: 1_000 })).toBe('claimed')
    expect((await app.sweep()).nonces).toBe(0)
    await asApp.end()
    await pool.query(`drop owned by ${role}; drop role ${role}`)
  })

  it('a name with capitals is quoted', async () => {
    const schema = `Test_${randomBytes(9).toString('hex')}`
    schemas.push(schema)
    expect(await migrate(pool, { schema })).toEqual({ from: 0, to: newest })
    expect((await postgresStores(pool, { schema }).ready()).ok).toBe(true)
  })

  it.each(['', 'a b', 'a";', "a'", '1a', 'pg_temp', 'INFORMATION_SCHEMA', 'é', 'a\0b'])('a schema is not called %j', (schema) => {
    expect(() => migrationSql({ schema })).toThrow(TypeError)
  })

  it('a step that fails changes nothing', async () => {
    const schema = newName()
    await pool.query(`create schema "${schema}"; create view "${schema}".families as select 1`)
    await expect(migrate(pool, { schema })).rejects.toMatchObject({ code: '42P07' })
    const { rows } = await pool.query('select relname from pg_class where relnamespace = $1::regnamespace', [schema])
    expect(rows).toEqual([{ relname: 'families' }])
  })

  it('ready says that the schema is missing, or needs a later release', async () => {
    const schema = newName()
    const stores = postgresStores(pool, { schema })
    expect((await stores.ready()).ok).toBe(false)
    await migrate(pool, { schema })
    expect((await stores.ready()).ok).toBe(true)
    await pool.query(`insert into "${schema}".migrations (version, needs, description) values (${later}, 1, 'an expansion')`)
    expect((await stores.ready()).ok).toBe(true)
    await pool.query(
      `insert into "${schema}".migrations (version, needs, description) values (${later + 1}, ${later + 1}, 'a contraction')`,
    )
    expect(await stores.ready()).toMatchObject({ parts: { postgres: { cause: { message: expect.stringContaining('later release') } } } })
    await pool.query(`truncate "${schema}".migrations`)
    expect(await stores.ready()).toMatchObject({ parts: { postgres: { cause: { message: expect.stringContaining('run migrate()') } } } })
  })

  describe('on a schema that a later release has expanded', () => {
    const backend = postgresBackend(url, {}, async (schema) => {
      const tables = ['memory', 'claims', 'nonces', 'challenges', 'families', 'attempts', 'documents', 'revocations']
      for (const table of tables)
        await pool.query(`alter table "${schema}".${table} add column later text, add column counted bigint not null default 0`)
      await pool.query(`create index on "${schema}".families (later)`)
      await pool.query(`create table "${schema}".new_things (id bytea primary key)`)
      await pool.query(`insert into "${schema}".migrations (version, needs, description) values (${later}, 1, 'an expansion')`)
      expect(await migrate(pool, { schema })).toEqual({ from: later, to: later })
    })
    afterAll(() => backend.close())
    const groups = storeConformance({ ...backend, propertyRuns: 5 }).filter(({ name }) => name.endsWith('Store') || name === 'models')
    describe.each(groups)('this release still has a $name', ({ cases }) => {
      it.each(cases)('$name', ({ run }) => run())
    })
  })
})
