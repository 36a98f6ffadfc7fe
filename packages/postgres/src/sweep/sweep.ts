import type { Database } from '../connection/connection.js'
import type { Run } from '../connection/driver.js'
import { nameRevocations } from './name-revocations.js'
import { roundedEnd } from './rounded-end.js'
import { sweepCounters } from './sweep-counters.js'

/** Tables whose rows end by themselves. */
export type SweptTable = 'claims' | 'nonces' | 'challenges' | 'families' | 'attempts' | 'revocations' | 'audit'

/** How many rows went, by table. */
export type SweepResult = Readonly<Record<SweptTable, number>>

/** How to sweep. */
export interface SweepOptions {
  /**
   * Rows per statement, each a transaction of its own.
   * @defaultValue 1000
   */
  readonly batch?: number
  /** Gives the sweep up. */
  readonly signal?: AbortSignal
}

const batchTimeoutMs = 30_000

/** Rows that another sweep or an operation holds are left to it. */
function deleteText(table: string, key: string, condition: string): string {
  return `
  with over as (
    select tenant, ${key} from ${table} t where ${condition} limit $1 for update skip locked
  ), gone as (
    delete from ${table} t using over where t.tenant = over.tenant and t.${key} = over.${key} returning true
  )
  select count(*)::text as gone from gone`
}

// By an index: `clock_timestamp()` changes within a statement, so no index is used for it.
const expired = 'expires_at <= now()'
/** Families are found by their rounded end. */
const expiredFamily = `sweep_at <= now() and ${expired}`

/** Gives a rounded end to families that a release before this one began. */
const roundText = (schema: string): string => `
  with old as (
    select tenant, key from ${schema}.families where sweep_at is null limit $1 for update skip locked
  ), rounded as (
    update ${schema}.families t set sweep_at = ${roundedEnd('t.expires_at', 'null')} from old where t.tenant = old.tenant and t.key = old.key
    returning true
  )
  select count(*)::text as gone from rounded`

/** So many tenants at a time, each with a batch of entries at most. */
const tenantsAtOnce = 16

/**
 * Removes entries with a later word on the same thing that lasts as long. Only what was added since the last sweep can be such a
 * word, so no other entry is read: `offset 0` keeps the search by index from becoming a join with the whole table. Answers how far each tenant was looked at.
 */
const supersededText = (schema: string): string => `
  with tenants as materialized (
    select tenant, swept from ${schema}.memory where epoch > swept order by tenant limit ${tenantsAtOnce}
  ), later as materialized (
    select added.* from tenants cross join lateral (
      select r.tenant, r.epoch, r.fact, r.expires_at from ${schema}.revocations r
      where r.tenant = tenants.tenant and r.epoch > tenants.swept order by r.epoch limit $1
    ) added
  ), over as (
    select earlier.place from later cross join lateral (
      select t.ctid as place from ${schema}.revocations t
      where t.tenant = later.tenant and t.fact = later.fact and t.epoch < later.epoch and (later.expires_at is null or later.expires_at >= t.expires_at)
      offset 0 for update skip locked
    ) earlier
  ), gone as (
    delete from ${schema}.revocations t where t.ctid = any (array(select place from over)) returning true
  )
  select (select count(*) from gone)::text as gone, tenants.tenant,
    coalesce((select max(epoch) from later where later.tenant = tenants.tenant), (select epoch from ${schema}.memory m where m.tenant = tenants.tenant))::text as swept
  from tenants`

/** A statement of its own: who revokes waits for this row. */
const sweptText = (schema: string): string => `
  update ${schema}.memory m set swept = s.swept from unnest($1::bytea[], $2::bigint[]) s(tenant, swept)
  where m.tenant = s.tenant and m.swept < s.swept`

async function removeSuperseded(database: Database, schema: string, batch: number, signal: AbortSignal | undefined): Promise<number> {
  let gone = 0
  for (;;) {
    signal?.throwIfAborted()
    const rows = await database.operation((run) => run(supersededText(schema), [batch]), batchTimeoutMs, signal)
    if (rows.length === 0) return gone
    gone += Number(rows[0]?.gone)
    const swept = [rows.map(({ tenant }) => tenant), rows.map((row) => row.swept)]
    await database.operation((run) => run(sweptText(schema), swept), batchTimeoutMs, signal)
  }
}

const tables: Readonly<Record<SweptTable, 'key' | 'epoch' | 'id'>> = {
  claims: 'key',
  nonces: 'key',
  challenges: 'key',
  families: 'key',
  attempts: 'key',
  revocations: 'epoch',
  audit: 'id',
}

/**
 * Removes what has expired, of all tenants, and revocations that a later one has replaced. Any number of processes may do it at once.
 *
 * @throws TypeError for a batch that is not a positive whole number; Unavailable
 */
export async function sweep(database: Database, schema: string, { batch = 1_000, signal }: SweepOptions = {}): Promise<SweepResult> {
  if (!(Number.isInteger(batch) && batch > 0)) throw new TypeError(`sweep: batch must be an integer, 1 or more, got ${String(batch)}`)
  async function untilNoneIsLeft(text: string): Promise<number> {
    let all = 0
    for (;;) {
      signal?.throwIfAborted()
      const [row] = await database.operation((run) => run(text, [batch]), batchTimeoutMs, signal)
      const some = Number(row?.gone ?? 0)
      all += some
      if (some < batch) return all
    }
  }
  const removeAll = (table: SweptTable, condition: string): Promise<number> =>
    untilNoneIsLeft(deleteText(`${schema}.${table}`, tables[table], condition))
  const counts: Record<SweptTable, number> = { claims: 0, nonces: 0, challenges: 0, families: 0, attempts: 0, revocations: 0, audit: 0 }
  await untilNoneIsLeft(roundText(schema))
  const runOne: Run = (text, values) => database.operation((run) => run(text, values), batchTimeoutMs, signal)
  await nameRevocations(runOne, schema, batch)
  for (const table of Object.keys(tables) as SweptTable[])
    counts[table] = await removeAll(table, table === 'families' ? expiredFamily : expired)
  counts.revocations += await removeSuperseded(database, schema, batch, signal)
  await sweepCounters(runOne, schema, batch)
  return counts
}
