import { type AttemptStore, requireDuration } from '@countersign/core'
import type { Database } from './database.js'
import { boundedMs, rowKey } from './row-key.js'

const reserveText = (schema: string): string => `
  with reserved as (
    insert into ${schema}.attempts as a (tenant, key, used, expires_at)
    values ($1, $2, 1, clock_timestamp() + $4::float8 * interval '1 ms')
    on conflict (tenant, key) do update set
      used = case when a.expires_at <= clock_timestamp() then 1 else a.used + 1 end,
      expires_at = case when a.expires_at <= clock_timestamp() then excluded.expires_at else a.expires_at end
      where a.expires_at <= clock_timestamp() or a.used < $3
    returning used
  )
  select (select used::text from reserved) as used,
    (select extract(epoch from expires_at - clock_timestamp())::float8 * 1000 from ${schema}.attempts where tenant = $1 and key = $2)::text as left_ms`

/** Counters of attempts: the update happens only below the limit, so parallel guesses cannot pass it. */
export function postgresAttempts(database: Database, schema: string, tenant: Buffer): AttemptStore {
  const reserve = reserveText(schema)
  const used = `select used::text from ${schema}.attempts where tenant = $1 and key = $2 and expires_at > clock_timestamp()`
  const clear = `delete from ${schema}.attempts where tenant = $1 and key = $2`
  return {
    async reserve({ key, limit, windowMs }) {
      requireDuration('windowMs', windowMs)
      if (!(Number.isInteger(limit) && limit > 0)) throw new TypeError('limit is a positive whole number')
      const values = [tenant, rowKey(key), Math.min(limit, Number.MAX_SAFE_INTEGER), boundedMs(windowMs)]
      const [row] = await database.operation((run) => run(reserve, values))
      if (typeof row?.used === 'string') return { ok: true, remaining: limit - Number(row.used) }
      // what is left was read as of before a concurrent first attempt; then the whole window is
      const leftMs = Math.ceil(Number(row?.left_ms ?? 0))
      return { ok: false, retryAfterMs: leftMs > 0 ? leftMs : Math.max(1, Math.ceil(windowMs)) }
    },
    async used(key) {
      const [row] = await database.operation((run) => run(used, [tenant, rowKey(key)]))
      return Number(row?.used ?? 0)
    },
    async clear(key) {
      await database.operation((run) => run(clear, [tenant, rowKey(key)]))
    },
  }
}
