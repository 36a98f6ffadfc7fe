import { type ChallengeStore, callsKeptMs, requireDuration, rowKey } from '@countersign/core'
import type { Database } from './connection/connection.js'
import { bytesOf, type Row, textOf } from './connection/driver.js'
import { type MemorySince, memoryCte } from './connection/server-memory.js'
import { requireNotUndone, requireTimely, timelyColumn, timelyCte } from './statements/calls.js'
import { type CallParts, callRow, type KeptCalls, type KeptChange, keptCalls } from './statements/kept-calls.js'
import { boundedMs } from './statements/row-key.js'

const putText = (schema: string, { made, unmade, keep, column }: CallParts): string => `
  with ${timelyCte('$7')}, ${memoryCte(schema)}${made},
  kept as (
    insert into ${schema}.challenges (tenant, key, record, written_at, expires_at)
    select $1, $4, $5, clock_timestamp(), clock_timestamp() + $6::float8 * interval '1 ms' from memory, timely where true ${unmade}
    on conflict (tenant, key) do update
      set record = excluded.record, written_at = excluded.written_at, expires_at = excluded.expires_at
    returning true
  )${keep("'put'", 'kept')}
  select ${timelyColumn}, ${column}, exists (select from memory) as known, exists (select from kept) as done`

// A row that expired, or was written before the memory began, counts as absent.
const keepText = (schema: string, { made, unmade, keep, column }: CallParts): string => `
  with ${timelyCte('$7')}, ${memoryCte(schema)}${made},
  kept as (
    insert into ${schema}.challenges as c (tenant, key, record, written_at, expires_at)
    select $1, $4, $5, clock_timestamp(), clock_timestamp() + $6::float8 * interval '1 ms' from memory, timely where true ${unmade}
    on conflict (tenant, key) do update set (record, written_at, expires_at) = (
      select case when stands then c.record else excluded.record end,
        case when stands then c.written_at else excluded.written_at end,
        case when stands then c.expires_at else excluded.expires_at end
      from (select c.expires_at > clock_timestamp() and c.written_at >= (select since from memory) as stands) as judged
    )
    returning record
  )${keep("'kept ' || encode(record, 'hex')", 'kept')}
  select ${timelyColumn}, ${column}, exists (select from memory) as known, (select record from kept) as record`

const readText = (schema: string): string => `
  with ${memoryCte(schema)}
  select exists (select from memory) as known, (
    select record from ${schema}.challenges
    where tenant = $1 and key = $4 and expires_at > clock_timestamp() and written_at >= (select since from memory)
  ) as record`

const micros = (instant: string): string => `(extract(epoch from ${instant}) * 1000000)::bigint`
const instantOf = (microseconds: string): string => `timestamptz 'epoch' + ${microseconds}::bigint * interval '1 microsecond'`

// One from before the memory may have been taken in what was lost. A call keeps what it took with its times, to be taken back.
const takeText = (schema: string, { made, unmade, keep, column }: CallParts): string => `
  with ${timelyCte('$5')}, ${memoryCte(schema)}${made},
  taken as (
    delete from ${schema}.challenges where tenant = $1 and key = $4 and exists (select from timely) ${unmade}
    returning written_at, expires_at, case when expires_at > clock_timestamp() and written_at >= (select since from memory) then record end as record
  )${keep(`concat_ws(' ', 'taken', ${micros('written_at')}, ${micros('expires_at')}, encode(record, 'hex'))`, 'taken where record is not null')}
  select ${timelyColumn}, ${column}, exists (select from memory) as known, (select record from taken) as record`

const undoText = (schema: string): string => `
  with ${timelyCte('$4')},
  call as materialized (
    select calls, string_to_array(calls, ' ') as parts from ${schema}.claims
    where tenant = $1 and key = $3 and (calls = 'undone' or calls like 'taken %') and exists (select from timely) for update
  ),
  back as (
    insert into ${schema}.challenges as c (tenant, key, record, written_at, expires_at)
    select $1, $2, decode(parts[4], 'hex'), ${instantOf('parts[2]')}, ${instantOf('parts[3]')} from call where calls <> 'undone'
    on conflict (tenant, key) do update set record = excluded.record, written_at = excluded.written_at, expires_at = excluded.expires_at
      where c.expires_at <= clock_timestamp()
    returning true
  ),
  undone as (
    update ${schema}.claims set calls = 'undone', expires_at = clock_timestamp() + interval '${callsKeptMs} ms'
    where tenant = $1 and key = $3 and exists (select from back)
  )
  select ${timelyColumn}, exists (select from back) or exists (select from call where calls = 'undone') as undone`

const recordIn = (answer: string | undefined, as: 'kept' | 'taken'): string | undefined => {
  const [what, ...rest] = answer?.split(' ') ?? []
  return what === as ? textOf(Buffer.from(rest.at(-1) ?? '', 'hex')) : undefined
}

/** Records that are taken once. */
export function postgresChallenges(
  database: Database,
  schema: string,
  { memory, tenant }: { readonly memory: MemorySince; readonly tenant: Buffer },
): ChallengeStore {
  const calls = keptCalls(database, schema, tenant)
  const put = calls.statements(8, (parts) => putText(schema, parts))
  const keep = calls.statements(8, (parts) => keepText(schema, parts))
  const take = calls.statements(6, (parts) => takeText(schema, parts))
  const [read, undo] = [readText(schema), undoText(schema)]
  const change = (change: Omit<KeptChange, 'within'>): ReturnType<KeptCalls['change']> =>
    calls.change({ ...change, within: (run, text, values) => memory.remembering(run, text, values) })
  const hasRecord = ({ record }: Row): boolean => record !== null

  return {
    async put(id, record, ttlMs, call) {
      const values = [rowKey(id), bytesOf(record), boundedMs(requireDuration('ttlMs', ttlMs))]
      await change({ statements: put, values, call, record: ['challenges', id], isDone: ({ done }) => done === true })
    },
    async keep(id, record, ttlMs, call) {
      const values = [rowKey(id), bytesOf(record), boundedMs(requireDuration('ttlMs', ttlMs))]
      const { row, made } = await change({ statements: keep, values, call, record: ['challenges', id], isDone: hasRecord })
      return recordIn(made, 'kept') ?? textOf(row.record)
    },
    async read(id) {
      const [row] = await database.operation((run) => memory.remembering(run, read, [rowKey(id)]))
      return row.record === null ? null : textOf(row.record)
    },
    async take(id, call) {
      const { row, made } = await change({ statements: take, values: [rowKey(id)], call, record: ['challenges', id], isDone: hasRecord })
      requireNotUndone(made)
      const before = recordIn(made, 'taken')
      if (before !== undefined) return before
      return Buffer.isBuffer(row.record) ? textOf(row.record) : null
    },
    async undo(id, callId) {
      const callKey = callRow(database.callIdOf({ callId }), ['challenges', id])
      return database.change(async (run, deadline) => {
        const [row] = await run(undo, [tenant, rowKey(id), callKey, deadline])
        return requireTimely(row).undone === true
      })
    },
  }
}
