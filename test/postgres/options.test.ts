import { migrate, type PostgresPool, postgresStores } from '@countersign/postgres'
import { Pool } from 'pg'
import { describe, expect, it } from 'vitest'

describe('options', () => {
  const unconnected = new Pool({ port: 1 })

  it.each([undefined, {}, { schema: 'a-b' }])('%o, without a schema, is a TypeError that asks for one', (options) => {
    expect(() => postgresStores(unconnected, options as { schema: string })).toThrow(/schema must be /)
  })

  it.each([undefined, 'postgres://127.0.0.1:5432', {}])('%o in place of a pool is a TypeError that asks for one', async (pool) => {
    expect(() => postgresStores(pool as PostgresPool, { schema: 'a' })).toThrow(/^postgresStores: .*pool/)
    await expect(migrate(pool as PostgresPool, { schema: 'a' })).rejects.toThrow(/^migrate: .*pool/)
  })
})
