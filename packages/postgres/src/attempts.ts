import { type AttemptStore, requireDuration, requireLimit, rowKey } from '@countersign/core'
import type { Database } from './connection/connection.js'
import { timelyColumn, timelyCte } from './statements/calls.js'
import { type CallParts, keptCalls } from './statements/kept-calls.js'
import { boundedMs } from './statements/row-key.js'

const reserveText = (schema: string, { made, unmade, keep, column }: CallParts): string => `
  with ${timelyCte('$5')}${made},
  reserved as (
    insert into ${schema}.attempts as a (tenant, key, used, expires_at)
    select $1, $2, 1, clock_timestamp() + $4::float8 * interval '1 ms' from timely where true ${unmade}
    on conflict (tenant, key) do update set
      used = case when a.expires_at <= clock_timestamp() then 1 else a.used + 1 end,
      expires_at = case when a.expires_at <= clock_timestamp() then excluded.expires_at else a.expires_at end
      where a.expires_at <= clock_timestamp() or a.used < $3
    returning used
  )${keep("'reserved ' || used", 'reserved')}
  select ${timelyColumn}, ${column}, (select used::text from reserved) as used,
    (select extract(epoch from expires_at - clock_timestamp())::float8 * 1000 from ${schema}.attempts where tenant = $1 and key = $2)::text as left_ms`

const clearText = (schema: string, { made, unmade, keep, column }: CallParts): string => `
  with ${timelyCte('$3')}${made},
  cleared as (delete from ${schema}.attempts where tenant = $1 and key = $2 and exists (select from timely) ${unmade})${keep("'cleared'", `timely where true ${unmade}`)}
  select ${timelyColumn}, ${column}`

/** Counters of attempts: the update happens only below the limit, so parallel guesses cannot pass it. */
export function postgresAttempts(database: Database, schema: string, tenant: Buffer): AttemptStore {
  const calls = keptCalls(database, schema, tenant)
  const reserve = calls.statements(6, (parts) => reserveText(schema, parts))
  const clear = calls.statements(4, (parts) => clearText(schema, parts))
  const used = `select used::text from ${schema}.attempts where tenant = $1 and key = $2 and expires_at > clock_timestamp()`
  return {
    async reserve({ key, limit, windowMs, ...call }) {
      requireDuration('windowMs', windowMs)
      requireLimit(limit)
      const { row, made } = await calls.change({
        statements: reserve,
        values: [rowKey(key), Math.min(limit, Number.MAX_SAFE_INTEGER), boundedMs(windowMs)],
        call,
        record: ['attempts', key],
        isDone: (answer) => typeof answer.used === 'string',
      })
      const counted = made?.startsWith('reserved ') ? made.slice('reserved '.length) : row.used
      if (typeof counted === 'string') return { ok: true, remaining: limit - Number(counted) }
      // what is left was read as of before a concurrent first attempt; then the whole window is
      const leftMs = Math.ceil(Number(row.left_ms ?? 0))
      return { ok: false, retryAfterMs: leftMs > 0 ? leftMs : Math.max(1, Math.ceil(windowMs)) }
    },
    async used(key) {
      const [row] = await database.operation((run) => run(used, [tenant, rowKey(key)]))
      return Number(row?.used ?? 0)
    },
    async clear(key, call) {
      await calls.change({ statements: clear, values: [rowKey(key)], call, record: ['attempts', key], isDone: () => true })
    },
  }
}
