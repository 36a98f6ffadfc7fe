import { type NonceStore, type NonceVerdict, requireDuration, rowKey } from '@countersign/core'
import type { Database } from './connection/connection.js'
import { bytesOf } from './connection/driver.js'
import { type MemorySince, memoryCte } from './connection/server-memory.js'
import { answerIn, recentCalls, requireNotUndone, requireTimely, timelyColumn, timelyCte, withAnswer } from './statements/calls.js'
import { boundedMs } from './statements/row-key.js'

const rememberText = (schema: string): string => `
  with ${timelyCte('$8')}, ${memoryCte(schema)},
  remembered as (
    insert into ${schema}.nonces as n (tenant, key, client, spent_for, written_at, expires_at, calls, called_at)
    select $1, $4, $5, '{}', clock_timestamp(), clock_timestamp() + $6::float8 * interval '1 ms',
      ${withAnswer('$7::text', "'remembered'", "''")}, clock_timestamp() from memory, timely
    on conflict (tenant, key) do update
      set client = excluded.client, spent_for = '{}', written_at = excluded.written_at, expires_at = excluded.expires_at,
        calls = excluded.calls, called_at = excluded.called_at
      where n.expires_at <= clock_timestamp() or n.written_at < (select since from memory)
    returning true
  )
  select ${timelyColumn}, exists (select from memory) as known, exists (select from remembered) as remembered`

// `for update` waits for a concurrent spend and then reads what that one wrote: the verdict is about the row as it is.
// A nonce from before the memory may have been spent in what was lost: it is unknown.
const spendText = (schema: string): string => `
  with ${timelyCte('$8')}, ${memoryCte(schema)},
  nonce as materialized (
    select client, spent_for, ${recentCalls('n')} as calls from ${schema}.nonces n
    where tenant = $1 and key = $4 and expires_at > clock_timestamp() and written_at >= (select since from memory)
      and exists (select from timely)
    for update
  ),
  verdict as materialized (
    select calls, made, case
      when made in ('undone', 'spent ' || encode($5, 'hex')) then 'made'
      when $6::bytea <> client then 'mismatch'
      when $5 = any (spent_for) then 'replayed'
      else 'spent' end as outcome
    from (select *, ${answerIn('calls', '$7::text')} as made from nonce) as called
  ),
  spent as (
    update ${schema}.nonces n set spent_for = array_append(n.spent_for, $5),
      calls = ${withAnswer('$7', "'spent ' || encode($5, 'hex')", 'v.calls')}, called_at = clock_timestamp()
    from verdict v where n.tenant = $1 and n.key = $4 and v.outcome = 'spent'
  )
  select ${timelyColumn}, exists (select from memory) as known, coalesce(outcome, 'unknown') as outcome, made
  from (select 1) as one left join verdict on true`

const undoText = (schema: string): string => `
  with ${timelyCte('$4')},
  nonce as materialized (
    select ${answerIn('calls', '$3::text')} as made from ${schema}.nonces
    where tenant = $1 and key = $2 and expires_at > clock_timestamp() and exists (select from timely)
    for update
  ),
  changed as (
    update ${schema}.nonces n set spent_for = array_remove(spent_for, decode(substring(made, '^spent (.*)$'), 'hex')),
      calls = regexp_replace(calls, ';' || $3 || ' [^;]*', ';' || $3 || ' undone')
    from nonce where n.tenant = $1 and n.key = $2 and made like 'spent %'
  )
  select ${timelyColumn}, exists (select from nonce where made = 'undone' or made like 'spent %') as undone`

const madeText = (schema: string): string => `
  select ${answerIn('calls', '$3::text')} as made from ${schema}.nonces where tenant = $1 and key = $2`

/** One-time tokens that were issued. */
export function postgresNonces(
  database: Database,
  schema: string,
  { memory, tenant }: { readonly memory: MemorySince; readonly tenant: Buffer },
): NonceStore {
  const [remember, spend, undo, made] = [rememberText(schema), spendText(schema), undoText(schema), madeText(schema)]
  const { callIdOf } = database
  return {
    async remember(jti, { clientId, ttlMs, ...call }) {
      const [key, callId] = [rowKey(jti), callIdOf(call)]
      const values = [key, bytesOf(clientId), boundedMs(requireDuration('ttlMs', ttlMs)), callId]
      const remembered = await database.change(async (run, deadline) => {
        const [row] = await memory.remembering(run, remember, [...values, deadline])
        if (requireTimely(row).remembered === true) return true
        // its row is read again, after the other transaction has ended
        const [there] = await run(made, [tenant, key, callId])
        return there?.made === 'remembered'
      })
      if (!remembered) throw new Error('this nonce is remembered already')
    },
    async spend(jti, purpose, { clientId, ...call } = {}) {
      const values = [rowKey(jti), bytesOf(purpose), clientId === undefined ? null : bytesOf(clientId), callIdOf(call)]
      return database.change(async (run, deadline) => {
        const [row] = await memory.remembering(run, spend, [...values, deadline])
        const { outcome } = requireTimely(row)
        if (outcome !== 'made') return outcome as NonceVerdict
        requireNotUndone(row.made)
        return 'spent'
      })
    },
    async undo(jti, callId) {
      const values = [tenant, rowKey(jti), callIdOf({ callId })]
      return database.change(async (run, deadline) => {
        const [row] = await run(undo, [...values, deadline])
        return requireTimely(row).undone === true
      })
    },
  }
}
