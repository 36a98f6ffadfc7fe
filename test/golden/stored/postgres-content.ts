import type { Pool } from 'pg'
import { absolute, relative } from './instants.js'

/** A row of a table. */
export interface RowRecord {
  readonly table: string
  readonly row: Readonly<Record<string, unknown>>
}

const tables = ['claims', 'nonces', 'challenges', 'families', 'attempts', 'documents', 'revocations', 'memory'] as const

function written(value: unknown, now: number): unknown {
  if (Buffer.isBuffer(value)) {
    const text = value.toString('utf8')
    const isText = Buffer.from(text).equals(value) && !/[\p{Cc}\ufffd]/u.test(text)
    return isText ? { text: relative(text, now) } : { hex: value.toString('hex') }
  }
  if (value instanceof Date) return { at: value.getTime() - now }
  if (Array.isArray(value)) return { list: value.map((one) => written(one, now)) }
  return typeof value === 'string' ? relative(value, now) : value
}

function read(value: unknown, now: number): unknown {
  const at = absolute(now)
  if (typeof value === 'string') return at(value)
  if (typeof value !== 'object' || value === null) return value
  const { text, hex, at: distance, list } = value as { text?: string; hex?: string; at?: number; list?: readonly unknown[] }
  if (text !== undefined) return Buffer.from(String(at(text)))
  if (hex !== undefined) return Buffer.from(hex, 'hex')
  return distance === undefined ? (list ?? []).map((one) => read(one, now)) : new Date(now + distance)
}

/** Without columns that were added since: earlier releases do not ask for them, and later ones have to do without them in earlier rows. */
export function asBefore(records: readonly RowRecord[], before: readonly RowRecord[]): readonly RowRecord[] {
  const columns = new Map<string, readonly string[]>(before.map(({ table, row }) => [table, Object.keys(row)]))
  return records.map(({ table, row }) => {
    const known = columns.get(table) ?? Object.keys(row)
    return { table, row: Object.fromEntries(Object.entries(row).filter(([name]) => known.includes(name))) }
  })
}

async function timeOf(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ now: Date }>('select clock_timestamp() as now')
  return rows[0]?.now.getTime() ?? 0
}

/** All rows of a schema. Instants are relative to now. */
export async function contentOf(pool: Pool, schema: string): Promise<readonly RowRecord[]> {
  const now = await timeOf(pool)
  const records: RowRecord[] = []
  for (const table of tables) {
    const { rows } = await pool.query<Record<string, unknown>>(`select * from "${schema}".${table}`)
    for (const row of rows)
      records.push({ table, row: Object.fromEntries(Object.entries(row).map(([name, value]) => [name, written(value, now)])) })
  }
  return records
}

/** Puts rows that were read before into another schema, as old as they were then; but for the memory, which names its place. */
export async function restore(pool: Pool, schema: string, records: readonly RowRecord[]): Promise<void> {
  const now = await timeOf(pool)
  for (const { table, row } of records) {
    if (table === 'memory') {
      // Where its denylist stands is a part of the content.
      await pool.query(`update "${schema}".memory set epoch = $1`, [row.epoch])
      continue
    }
    const names = Object.keys(row)
    const places = names.map((_, index) => `$${index + 1}`)
    const values = names.map((name) => read(row[name], now))
    await pool.query(`insert into "${schema}".${table} (${names.join(', ')}) values (${places.join(', ')})`, values)
  }
}

/** The stores remember more than they were there for. */
export async function age(pool: Pool, schema: string): Promise<void> {
  await pool.query(`update "${schema}".memory set since = since - interval '1 hour'`)
}
