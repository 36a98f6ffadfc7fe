import { type ReplayStore, requireDuration } from '@countersign/core'
import type { Database } from './database.js'
import { type MemorySince, memoryCte } from './memory-since.js'
import { boundedMs, rowKey } from './row-key.js'

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

/** Ids that may be used once: one statement, whatever the verdict. */
export function postgresReplay(database: Database, schema: string, memory: MemorySince): ReplayStore {
  const text = claimText(schema)
  return {
    async claim({ purpose, id, issuedAgoMs, keepForMs }) {
      requireDuration('keepForMs', keepForMs)
      if (!Number.isFinite(issuedAgoMs)) throw new TypeError('issuedAgoMs is a number of milliseconds')
      const values = [rowKey(purpose, id), boundedMs(issuedAgoMs), boundedMs(keepForMs)]
      const [row] = await database.operation((run) => memory.remembering(run, text, values))
      if (row.claimed) return 'claimed'
      return row.live || row.provable ? 'replayed' : 'unprovable'
    },
  }
}
