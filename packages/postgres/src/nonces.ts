import { type NonceStore, type NonceVerdict, requireDuration } from '@countersign/core'
import type { Database } from './database.js'
import { bytesOf } from './driver.js'
import { type MemorySince, memoryCte } from './memory-since.js'
import { boundedMs, rowKey } from './row-key.js'

const rememberText = (schema: string): string => `
  with ${memoryCte(schema)},
  remembered as (
    insert into ${schema}.nonces as n (tenant, key, client, spent_for, written_at, expires_at)
    select $1, $4, $5, '{}', clock_timestamp(), clock_timestamp() + $6::float8 * interval '1 ms' from memory
    on conflict (tenant, key) do update
      set client = excluded.client, spent_for = '{}', written_at = excluded.written_at, expires_at = excluded.expires_at
      where n.expires_at <= clock_timestamp() or n.written_at < (select since from memory)
    returning true
  )
  select exists (select from memory) as known, exists (select from remembered) as remembered`

// `for update` waits for a concurrent spend and then reads what that one wrote: the verdict is about the row as it is.
// A nonce from before the memory may have been spent in what was lost: it is unknown.
const spendText = (schema: string): string => `
  with ${memoryCte(schema)},
  nonce as materialized (
    select client, spent_for from ${schema}.nonces
    where tenant = $1 and key = $4 and expires_at > clock_timestamp() and written_at >= (select since from memory)
    for update
  ),
  verdict as materialized (
    select case when $6::bytea <> client then 'mismatch' when $5 = any (spent_for) then 'replayed' else 'spent' end as outcome from nonce
  ),
  spent as (
    update ${schema}.nonces n set spent_for = array_append(n.spent_for, $5) from verdict
    where n.tenant = $1 and n.key = $4 and verdict.outcome = 'spent'
  )
  select exists (select from memory) as known, coalesce((select outcome from verdict), 'unknown') as outcome`

/** One-time tokens that were issued. */
export function postgresNonces(database: Database, schema: string, memory: MemorySince): NonceStore {
  const remember = rememberText(schema)
  const spend = spendText(schema)
  return {
    async remember(jti, { clientId, keepForMs }) {
      const values = [rowKey(jti), bytesOf(clientId), boundedMs(requireDuration('keepForMs', keepForMs))]
      const [row] = await database.operation((run) => memory.remembering(run, remember, values))
      if (!row.remembered) throw new Error('this nonce is remembered already')
    },
    async spend(jti, purpose, { clientId } = {}) {
      const values = [rowKey(jti), bytesOf(purpose), clientId === undefined ? null : bytesOf(clientId)]
      const [row] = await database.operation((run) => memory.remembering(run, spend, values))
      return row.outcome as NonceVerdict
    },
  }
}
