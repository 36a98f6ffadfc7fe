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
  const take = takeText(schema)
  return {
    async put(id, record, keepForMs) {
      const values = [rowKey(id), bytesOf(record), boundedMs(requireDuration('keepForMs', keepForMs))]
      await database.operation((run) => memory.remembering(run, put, values))
    },
    async take(id) {
      const [row] = await database.operation((run) => memory.remembering(run, take, [rowKey(id)]))
      return row.record === null ? null : textOf(row.record)
    },
  }
}
