import { type ChallengeStore, requireDuration } from '@countersign/core'
import type { Database } from './database.js'
import { bytesOf, textOf } from './driver.js'
import { type MemorySince, memoryCte } from './memory-since.js'
import { boundedMs, rowKey } from './row-key.js'

const putText = (schema: string): string => `
  with ${memoryCte(schema)},
  kept as (
    insert into ${schema}.challenges (tenant, key, record, written_at, expires_at)
    select $1, $4, $5, clock_timestamp(), clock_timestamp() + $6::float8 * interval '1 ms' from memory
    on conflict (tenant, key) do update
      set record = excluded.record, written_at = excluded.written_at, expires_at = excluded.expires_at
  )
  select exists (select from memory) as known`

// A row that ended, or was written before the memory, is as good as none.
const keepText = (schema: string): string => `
  with ${memoryCte(schema)},
  kept as (
    insert into ${schema}.challenges as c (tenant, key, record, written_at, expires_at)
    select $1, $4, $5, clock_timestamp(), clock_timestamp() + $6::float8 * interval '1 ms' from memory
    on conflict (tenant, key) do update set (record, written_at, expires_at) = (
      select case when stands then c.record else excluded.record end,
        case when stands then c.written_at else excluded.written_at end,
        case when stands then c.expires_at else excluded.expires_at end
      from (select c.expires_at > clock_timestamp() and c.written_at >= (select since from memory) as stands) as judged
    )
    returning record
  )
  select exists (select from memory) as known, (select record from kept) as record`

const readText = (schema: string): string => `
  with ${memoryCte(schema)}
  select exists (select from memory) as known, (
    select record from ${schema}.challenges
    where tenant = $1 and key = $4 and expires_at > clock_timestamp() and written_at >= (select since from memory)
  ) as record`

// One from before the memory may have been taken in what was lost.
const takeText = (schema: string): string => `
  with ${memoryCte(schema)},
  taken as (
    delete from ${schema}.challenges where tenant = $1 and key = $4
    returning case when expires_at > clock_timestamp() and written_at >= (select since from memory) then record end as record
  )
  select exists (select from memory) as known, (select record from taken) as record`

/** Records that are taken once. */
export function postgresChallenges(database: Database, schema: string, memory: MemorySince): ChallengeStore {
  const put = putText(schema)
  const [keep, read, take] = [keepText(schema), readText(schema), takeText(schema)]
  return {
    async put(id, record, keepForMs) {
      const values = [rowKey(id), bytesOf(record), boundedMs(requireDuration('keepForMs', keepForMs))]
      await database.operation((run) => memory.remembering(run, put, values))
    },
    async keep(id, record, keepForMs) {
      const values = [rowKey(id), bytesOf(record), boundedMs(requireDuration('keepForMs', keepForMs))]
      const [row] = await database.operation((run) => memory.remembering(run, keep, values))
      return textOf(row.record)
    },
    async read(id) {
      const [row] = await database.operation((run) => memory.remembering(run, read, [rowKey(id)]))
      return row.record === null ? null : textOf(row.record)
    },
    async take(id) {
      const [row] = await database.operation((run) => memory.remembering(run, take, [rowKey(id)]))
      return row.record === null ? null : textOf(row.record)
    },
  }
}
