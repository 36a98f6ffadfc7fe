import {
  type RevocationDelta,
  type RevocationEntry,
  type RevocationRecord,
  type RevocationStore,
  requireDuration,
  requireLimit,
  wholeDelta,
} from '@countersign/core'
import type { Database } from './connection/connection.js'
import { bytesOf, type Row, textOf } from './connection/driver.js'
import { type MemorySince, memoryCte } from './connection/server-memory.js'
import { timelyColumn, timelyCte } from './statements/calls.js'
import { type CallParts, keptCalls } from './statements/kept-calls.js'
import { boundedMs, rowKey } from './statements/row-key.js'
import type { Topic } from './subscription.js'

const micros = (since: string): string => `(extract(epoch from ${since}) * 1000000)::bigint`

// The number is drawn by updating the one row of the tenant, which stays locked until the commit: numbers become visible
// in their order and without a gap. (Those of a sequence do not, and a reader would skip the one that commits late.)
const revokeText = (schema: string, { made, unmade, keep, column }: CallParts): string => `
  with ${timelyCte('$10')}, ${memoryCte(schema)}${made},
  numbered as (
    update ${schema}.memory m set epoch = m.epoch + 1 where m.tenant = $1 and exists (select from memory) and exists (select from timely) ${unmade}
    returning m.since, m.epoch
  ),
  added as (
    insert into ${schema}.revocations (tenant, epoch, fact, entry, undone, expires_at)
    select $1, epoch, $4, $5, $6, clock_timestamp() + $7::float8 * interval '1 ms' from numbered
    returning epoch
  ),
  told as materialized (select pg_notify($8, $9) from added)${keep(`concat_ws('-', ${micros('since')}, epoch)`, 'numbered')}
  select ${timelyColumn}, ${column}, exists (select from memory) as known, (select count(*) from told) as told,
    ${micros('since')}::text as memory, numbered.epoch::text as number
  from (select 1) as one left join numbered on true`

const epochText = (schema: string): string => `
  with ${memoryCte(schema)}
  select memory.epoch is not null as known, ${micros('since')}::text as memory, epoch::text as number
  from (select 1) as one left join memory on true`

// One statement sees one state: the number and the entries belong together. A part is a range of
// numbers that begins with the next entry: without statistics the planner would sort all that follows for each part.
const sinceText = (schema: string): string => `
  with ${memoryCte(schema)},
  asked as materialized (select case when $4::bigint = ${micros('since')} and $5::bigint <= epoch then $5::bigint else 0 end as after from memory),
  first as materialized (
    select r.epoch from ${schema}.revocations r where r.tenant = $1 and r.epoch > (select after from asked) order by r.epoch limit 1
  ),
  part as (
    select r.epoch, r.entry, r.undone, r.expires_at from ${schema}.revocations r
    where r.tenant = $1 and (r.expires_at is null or r.expires_at > clock_timestamp())
      and r.epoch >= (select epoch from first) and r.epoch < (select epoch from first) + 2 * $6::bigint
    order by r.epoch limit $6
  )
  select least(m.epoch, (select epoch from first) + 2 * $6::bigint - 1)::text as until, m.epoch is not null as known, ${micros('m.since')}::text as memory, m.epoch::text as number,
    floor(extract(epoch from clock_timestamp()) * 1000)::text as now_ms, r.epoch::text as of, r.entry, r.undone,
    (extract(epoch from r.expires_at - clock_timestamp()) * 1000)::text as left_ms
  from (select 1) as one left join memory m on true left join part r on true
  order by r.epoch`

/** Rows that one statement reads: each has its own limit of time, so that a long list can be read at all. */
const rowsPerRead = 1_000

/** Epochs are `<microseconds at which the memory began>-<number>`: another memory has other epochs, and a later one greater. */
const epochOf = (memory: unknown, number: unknown): string => `${String(memory)}-${String(number)}`

/** [-1, -1] for what is no epoch of this store: before everything. */
function partsOf(epoch: string): readonly [number, number] {
  const [memory, number, ...rest] = epoch.split('-', 3).map((part) => (part === '' ? Number.NaN : Number(part)))
  const known = rest.length === 0 && Number.isSafeInteger(memory) && Number.isSafeInteger(number)
  return known ? [memory ?? -1, number ?? -1] : [-1, -1]
}

/** The same for the same entry, in whatever order its members stand. */
function factOf(entry: RevocationEntry): Buffer {
  return rowKey(JSON.stringify(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1))))
}

function recordOf(row: Row): RevocationRecord {
  return {
    epoch: epochOf(row.memory, row.of),
    entry: JSON.parse(textOf(row.entry)) as RevocationEntry,
    keepForMs: row.left_ms === null ? undefined : Math.max(1, Math.ceil(Number(row.left_ms))),
    ...(row.undone === true && { undone: true }),
  }
}

function deltaOf(rows: readonly [Row, ...Row[]], asked: readonly [number, number] | undefined, limit: number): RevocationDelta {
  const [{ memory, number, until, now_ms: now }] = rows
  const records = rows.filter((row) => row.of !== null).map(recordOf)
  const epoch = records.length < limit ? epochOf(memory, until) : (records.at(-1)?.epoch ?? '')
  return {
    epoch,
    records,
    ...(epoch !== epochOf(memory, number) && { more: true }),
    lost: asked !== undefined && (asked[0] !== Number(memory) || asked[1] > Number(number)),
    memorySince: Math.ceil(Number(memory) / 1_000),
    now: Number(now),
  }
}

/** The denylist. */
export function postgresRevocations(
  database: Database,
  schema: string,
  parts: { readonly tenant: Buffer; readonly memory: MemorySince; readonly topic: Topic; readonly subscribe: RevocationStore['subscribe'] },
): RevocationStore {
  const [current, since] = [epochText(schema), sinceText(schema)]
  const calls = keptCalls(database, schema, parts.tenant)
  async function part(epoch: string | undefined, limit: number): Promise<RevocationDelta> {
    const asked = epoch === undefined ? undefined : partsOf(epoch)
    const rows = await database.operation((run) => parts.memory.remembering(run, since, [...(asked ?? [-1, -1]), limit]))
    return deltaOf(rows, asked, limit)
  }
  const revoke = calls.statements(11, (callParts) => revokeText(schema, callParts))
  return {
    async revoke(entry, { keepForMs, undone = false, ...call } = {}) {
      const keep = keepForMs === undefined ? null : boundedMs(requireDuration('keepForMs', keepForMs))
      const values = [factOf(entry), bytesOf(JSON.stringify(entry)), undone, keep, parts.topic.channel, parts.topic.name]
      const { row, made } = await calls.change({
        statements: revoke,
        values,
        call,
        record: ['revocations'],
        isDone: ({ number }) => number !== null,
        within: (run, text, all) => parts.memory.remembering(run, text, all),
      })
      return made ?? epochOf(row.memory, row.number)
    },
    since: async (epoch, { limit } = {}) =>
      limit === undefined ? wholeDelta(part, epoch, rowsPerRead) : part(epoch, Math.min(requireLimit(limit), rowsPerRead)),
    async epoch() {
      const [row] = await database.operation((run) => parts.memory.remembering(run, current, []))
      return epochOf(row.memory, row.number)
    },
    compare(a, b) {
      const [first, second] = [partsOf(a), partsOf(b)]
      return first[0] - second[0] || first[1] - second[1]
    },
    subscribe: parts.subscribe,
  }
}
