import { type ReplayStore, requireDuration } from '@countersign/core'
import type { Database } from './database.js'
import { type MemorySince, memoryCte, memoryRow } from './memory-since.js'
import { boundedMs, rowKey } from './row-key.js'

// What nearly every claim needs, in less than half the time of the statement that also names the reason of a refusal.
const quickText = (schema: string): string => `
  insert into ${schema}.claims as c (tenant, key, expires_at)
  select $1, $4, clock_timestamp() + $6::float8 * interval '1 ms' from ${memoryRow(schema)}
    and since <= clock_timestamp() - $5::float8 * interval '1 ms'
  on conflict (tenant, key) do update set expires_at = excluded.expires_at where c.expires_at <= clock_timestamp()
  returning true`

// The outer select sees the rows of before the insert: `live` is a claim of somebody else.
const claimText = (schema: string): string => `
  with ${memoryCte(schema)},
  provable as materialized (select from memory where since <= clock_timestamp() - $5::float8 * interval '1 ms'),
  claimed as (
    insert into ${schema}.claims as c (tenant, key, expires_at)
    select $1, $4, clock_timestamp() + $6::float8 * interval '1 ms' from provable
    on conflict (tenant, key) do update set expires_at = excluded.expires_at where c.expires_at <= clock_timestamp()
    returning true
  )
  select exists (select from memory) as known, exists (select from claimed) as claimed, exists (select from provable) as provable,
    exists (select from ${schema}.claims where tenant = $1 and key = $4 and expires_at > clock_timestamp()) as live`

/** Ids that may be used once: one statement grants; a refusal takes a second one, which judges anew. */
export function postgresReplay(database: Database, schema: string, memory: MemorySince): ReplayStore {
  const [quick, complete] = [quickText(schema), claimText(schema)]
  return {
    async claim({ purpose, id, issuedAgoMs, keepForMs }) {
      requireDuration('keepForMs', keepForMs)
      if (!Number.isFinite(issuedAgoMs)) throw new TypeError('issuedAgoMs is a number of milliseconds')
      const values = [rowKey(purpose, id), boundedMs(issuedAgoMs), boundedMs(keepForMs)]
      return database.operation(async (run) => {
        if ((await memory.within(run, quick, values)).length === 1) return 'claimed'
        const [row] = await memory.remembering(run, complete, values)
        if (row.claimed) return 'claimed'
        return row.live || row.provable ? 'replayed' : 'unprovable'
      })
    },
  }
}
