import { randomBytes } from 'node:crypto'
import type { DocumentStore } from '@countersign/core'
import type { PoolClient } from 'pg'
import { type TestSchema, testSchema, untilTrue } from './schema-setup.js'

/** Enough for a counter. */
export const many = 3_000

/** A schema with large collections. */
export interface CountedSchema extends TestSchema {
  table(name: string): string
  newName(): string
  /** Documents without the package: `count` of them, in three groups and in none. */
  fill(collection: string, count?: number, prefix?: string, client?: PoolClient): Promise<void>
  /** What is there, counted without the package. */
  truth(collection: string): Promise<unknown>
  isReady(collection: string): Promise<boolean | undefined>
  /** Counts until the counter is complete: other transactions of the server may be older than it. */
  untilReady(accounts: DocumentStore, collection: string): Promise<void>
  numbersOf(collection: string): Promise<number>
  inTransaction(isolation: string, work: (client: PoolClient) => Promise<void>): Promise<void>
}

/** To be called in a suite. */
export function countedSchema(url: string): CountedSchema {
  const base = testSchema(url)
  const { admin, schema } = base
  const table = (name: string): string => `"${schema()}".${name}`
  const newName = (): string => `c${randomBytes(6).toString('hex')}`
  const insertText = (): string => `
    insert into ${table('documents')} (tenant, kind, collection, id, value, group_name, revision)
    select '', 'accounts', convert_to($1, 'UTF8'), convert_to($2 || n, 'UTF8'), '1', case when n % 4 > 0 then convert_to('g' || n % 4, 'UTF8') end, 1
    from generate_series(0, $3::int - 1) n`
  const fill: CountedSchema['fill'] = async (collection, count = many, prefix = 'first ', client) => {
    await (client ?? admin).query(insertText(), [collection, prefix, count])
  }
  const truth = async (collection: string): Promise<unknown> => {
    const { rows } = await admin.query<{ readonly name: string | null; readonly n: string }>(
      `select convert_from(group_name, 'UTF8') as name, count(*) as n from ${table('documents')}
       where tenant = '' and kind = 'accounts' and collection = convert_to($1, 'UTF8') group by 1 order by 1`,
      [collection],
    )
    return {
      total: rows.reduce((sum, { n }) => sum + Number(n), 0),
      groups: rows.flatMap(({ name, n }) => (name === null ? [] : [{ group: name, count: Number(n) }])),
    }
  }
  const isReady = async (collection: string): Promise<boolean | undefined> => {
    const { rows } = await admin.query<{ readonly is_ready: boolean }>(
      `select is_ready from ${table('document_counters')} where collection = convert_to($1, 'UTF8')`,
      [collection],
    )
    return rows[0]?.is_ready
  }
  const numbersOf = async (collection: string): Promise<number> => {
    const text = `select count(*)::int as n from ${table('document_counts')} where collection = convert_to($1, 'UTF8')`
    return (await admin.query<{ readonly n: number }>(text, [collection])).rows[0]?.n ?? 0
  }
  const untilReady = async (accounts: DocumentStore, collection: string): Promise<void> => {
    await accounts.count({ collection })
    await untilTrue(async () => {
      await accounts.count({ collection })
      return (await isReady(collection)) === true
    })
  }
  async function inTransaction(isolation: string, work: (client: PoolClient) => Promise<void>): Promise<void> {
    const client = await admin.connect()
    try {
      await client.query(`begin isolation level ${isolation}`)
      await work(client)
      await client.query('commit')
    } finally {
      client.release(true)
    }
  }
  return { ...base, table, newName, fill, truth, isReady, untilReady, numbersOf, inTransaction }
}
