import { callsKept, callsKeptMs, type ReplayStore, requireDuration, requireIssuedAgo, rowKey } from '@countersign/core'
import type { Database } from './connection/connection.js'
import type { Row } from './connection/driver.js'
import { type MemorySince, memoryCte, memoryRow } from './connection/server-memory.js'
import { requireNotUndone, requireTimely, timelyColumn, timelyCte } from './statements/calls.js'
import { boundedMs } from './statements/row-key.js'

// Who made a claim: `+;id`, and behind it calls that were taken back, the newest first. A claim that was taken back begins with
// `-`: for a release that does not know the column it stays claimed. Null is of such a release.
const isFree = (claim: string, call: string): string =>
  `(${claim}.expires_at <= clock_timestamp() or (left(${claim}.calls, 1) = '-' and position(';' || ${call} || ';' in ${claim}.calls || ';') = 0))`

/** @param provable - where from, with a row when the claim may be made */
const insertText = (schema: string, provable: string): string => `
    insert into ${schema}.claims as c (tenant, key, expires_at, calls)
    select $1, $4, clock_timestamp() + $6::float8 * interval '1 ms', '+;' || $7::text from timely, ${provable}
    on conflict (tenant, key) do update set expires_at = excluded.expires_at,
      calls = excluded.calls || case when c.expires_at > clock_timestamp() then substring(c.calls from 2) else '' end
      where ${isFree('c', '$7')}
    returning true`

const inMemory = `since <= clock_timestamp() - $5::float8 * interval '1 ms'`

// What nearly every claim needs, in less than half the time of the statement that also names the reason of a refusal.
const quickText = (schema: string): string => `with ${timelyCte('$8')} ${insertText(schema, `${memoryRow(schema)} and ${inMemory}`)}`

// The outer select sees the rows of before the insert: `calls` is of a claim that was there.
const claimText = (schema: string): string => `
  with ${timelyCte('$8')}, ${memoryCte(schema)},
  provable as materialized (select from memory where ${inMemory}),
  claimed as (${insertText(schema, 'provable')})
  select ${timelyColumn}, exists (select from memory) as known, exists (select from claimed) as claimed,
    exists (select from provable) as provable, coalesce(there.calls, case when there.tenant is not null then '+' end) as calls
  from (select 1) as one left join ${schema}.claims there on there.tenant = $1 and there.key = $4 and there.expires_at > clock_timestamp()`

const undoText = (schema: string): string => `
  with ${timelyCte('$4')},
  undone as (
    update ${schema}.claims set expires_at = clock_timestamp() + interval '${callsKeptMs} ms',
      calls = '-' || substring(calls, '^.((?:;[^;]*){1,${callsKept}})')
    where tenant = $1 and key = $2 and expires_at > clock_timestamp() and left(calls || ';', length($3::text) + 3) = '+;' || $3 || ';'
      and exists (select from timely)
    returning true
  )
  select ${timelyColumn}, exists (select from undone) as undone`

const callsText = (schema: string): string =>
  `select calls from ${schema}.claims where tenant = $1 and key = $2 and expires_at > clock_timestamp()`

/** What a refused claim was refused for, or that this very call had made it. */
function verdictOf({ claimed, provable, calls }: Row, callId: string): 'claimed' | 'replayed' | 'unprovable' {
  if (claimed === true) return 'claimed'
  const [sign, ...ids] = typeof calls === 'string' ? calls.split(';') : []
  const isClaimed = sign === '+'
  if (isClaimed && ids[0] === callId) return 'claimed'
  if (ids.includes(callId)) requireNotUndone('undone')
  return isClaimed || provable === true ? 'replayed' : 'unprovable'
}

/** Ids that may be used once: one statement grants; a refusal takes a second one, which judges anew. */
export function postgresReplay(
  database: Database,
  schema: string,
  { memory, tenant }: { readonly memory: MemorySince; readonly tenant: Buffer },
): ReplayStore {
  const [quick, complete, undo, calls] = [quickText(schema), claimText(schema), undoText(schema), callsText(schema)]
  const { callIdOf } = database
  return {
    async claim({ purpose, id, issuedAgoMs, ttlMs, ...call }) {
      requireDuration('ttlMs', ttlMs)
      requireIssuedAgo(issuedAgoMs)
      const callId = callIdOf(call)
      const values = [rowKey(purpose, id), boundedMs(issuedAgoMs), boundedMs(ttlMs), callId]
      return database.change(async (run, deadline) => {
        if ((await memory.within(run, quick, [...values, deadline])).length === 1) return 'claimed'
        const [row] = await memory.remembering(run, complete, [...values, deadline])
        return verdictOf(requireTimely(row), callId)
      })
    },
    async undo({ purpose, id }, callId) {
      const values = [tenant, rowKey(purpose, id), callIdOf({ callId })]
      return database.change(async (run, deadline) => {
        const [row] = await run(undo, [...values, deadline])
        if (requireTimely(row).undone === true) return true
        const [there] = await run(calls, values.slice(0, 2))
        return typeof there?.calls === 'string' && there.calls.split(';').includes(callId)
      })
    },
  }
}
