import { callsKeptMs, type RefreshFamilyStore, type Rotation, requireDuration, requireRotation, rowKey } from '@countersign/core'
import type { Database } from './connection/connection.js'
import { bytesOf, type Row, type Run, textOf } from './connection/driver.js'
import { answerIn, recentCalls, requireNotUndone, requireTimely, timelyColumn, timelyCte, withAnswer } from './statements/calls.js'
import { boundedMs } from './statements/row-key.js'
import { roundedEnd } from './sweep/rounded-end.js'

// A row of generation -1 is what is left of a family whose creation was taken back: its calls. A release that does not know
// this sees a family that ended.
const createText = (schema: string): string => `
  with ${timelyCte('$7')},
  created as (
    insert into ${schema}.families as f (tenant, key, binding, data, generation, expires_at, sweep_at, calls, called_at)
    select $1, $2, $3, $4, 0, clock_timestamp() + $5::float8 * interval '1 ms', ${roundedEnd("clock_timestamp() + $5::float8 * interval '1 ms'", '$5')}, ${withAnswer('$6::text', "'created'", "''")}, clock_timestamp()
    from timely
    on conflict (tenant, key) do update set binding = excluded.binding, data = excluded.data, generation = 0, rotated_at = null,
      revoked = null, expires_at = excluded.expires_at, sweep_at = excluded.sweep_at,
        calls = excluded.calls || case when f.generation = -1 then ${recentCalls('f')} else '' end, called_at = excluded.called_at
      where f.expires_at <= clock_timestamp() or (f.generation = -1 and position(';' || $6 || ' ' in f.calls) = 0)
    returning true
  )
  select ${timelyColumn}, exists (select from created) as created`

const micros = (instant: string): string => `coalesce((extract(epoch from ${instant}) * 1000000)::bigint::text, '-')`

// A rotation is kept with what it replaced, to be taken back: generation, time of the rotation before, end.
const keptRotation = `concat_ws(' ', 'rotated', $4 + 1, v.generation, ${micros('v.rotated_at')}, ${micros('v.expires_at')})`

// `for update` waits for the transaction that holds the row and then reads what it wrote (READ COMMITTED), so the verdict is
// about the newest row, and nobody can change that before this statement's own update is committed: no fork.
const rotateText = (schema: string): string => `
  with ${timelyCte('$9')},
  family as materialized (
    select binding, data, generation, rotated_at, revoked, expires_at, ${recentCalls('f')} as calls from ${schema}.families f
    where tenant = $1 and key = $2 and expires_at > clock_timestamp() and generation >= 0 and exists (select from timely)
    for update
  ),
  verdict as materialized (
    select data, generation, rotated_at, revoked, expires_at, calls, ${answerIn('calls', '$8::text')} as made, case
      when position(';' || $8 || ' ' in calls) > 0 then 'made'
      when revoked is not null then 'revoked'
      when binding <> $3 then 'mismatch'
      when $4 > generation and not $5 then 'ahead'
      when $4 >= generation then 'rotated'
      when $4 = generation - 1 and $6::float8 > 0 and clock_timestamp() - rotated_at < $6::float8 * interval '1 ms' then 'retry'
      else 'reused' end as outcome
    from family
  ),
  changed as (
    update ${schema}.families f set
      generation = case when v.outcome = 'rotated' then $4 + 1 else f.generation end,
      rotated_at = case when v.outcome = 'rotated' then clock_timestamp() else f.rotated_at end,
      expires_at = case when v.outcome = 'rotated' and $7::float8 is not null
        then clock_timestamp() + $7::float8 * interval '1 ms' else f.expires_at end,
      sweep_at = case when v.outcome = 'rotated' and $7::float8 is not null
        then ${roundedEnd("clock_timestamp() + $7::float8 * interval '1 ms'", '$7')} else f.sweep_at end,
      revoked = case when v.outcome = 'reused' then convert_to('reused', 'UTF8') else f.revoked end,
      calls = ${withAnswer('$8', `case v.outcome when 'rotated' then ${keptRotation} when 'retry' then 'retry ' || v.generation else v.outcome end`, 'v.calls')},
      called_at = clock_timestamp()
    from verdict v
    where f.tenant = $1 and f.key = $2 and v.outcome in ('rotated', 'retry', 'reused')
  )
  select ${timelyColumn}, coalesce(outcome, 'gone') as outcome, generation::text, data, revoked, made
  from (select 1) as one left join verdict on true`

const revokeText = (schema: string): string => `
  with ${timelyCte('$5')},
  ended as (
    update ${schema}.families f set revoked = $3, calls = ${withAnswer('$4::text', "'ended'", recentCalls('f'))}, called_at = clock_timestamp()
    where tenant = $1 and key = $2 and revoked is null and expires_at > clock_timestamp() and exists (select from timely)
    returning true
  )
  select ${timelyColumn}, exists (select from ended) as ended`

// Also a release that keeps no calls may have gone on from what the call made: then the generation is another.
const undoText = (schema: string): string => `
  with ${timelyCte('$4')},
  family as materialized (
    select calls, generation, ${answerIn('calls', '$3::text')} as made, string_to_array(substring(calls, '^;[^;]*'), ' ') as newest
    from ${schema}.families
    where tenant = $1 and key = $2 and expires_at > clock_timestamp() and exists (select from timely)
    for update
  ),
  verdict as materialized (
    select calls, newest, case
      when made = 'undone' then 'before'
      when newest[1] <> ';' || $3 then null
      when newest[2] = 'created' and generation = 0 or newest[2] = 'rotated' and newest[3] = generation::text then newest[2] end as undone
    from family
  ),
  changed as (
    update ${schema}.families f set
      generation = case when v.undone = 'created' then -1 else v.newest[4]::bigint end,
      rotated_at = case when v.undone = 'rotated' and v.newest[5] <> '-' then ${instantOf('v.newest[5]')} end,
      expires_at = case when v.undone = 'created' then clock_timestamp() + interval '${callsKeptMs} ms' else ${instantOf('v.newest[6]')} end,
      sweep_at = case when v.undone = 'created' then clock_timestamp() else date_trunc('hour', ${instantOf('v.newest[6]')}, 'UTC') end,
      revoked = case when v.undone = 'created' then convert_to('undone', 'UTF8') end,
      calls = regexp_replace(v.calls, '^;[^;]*', ';' || $3 || ' undone')
    from verdict v
    where f.tenant = $1 and f.key = $2 and v.undone in ('created', 'rotated')
  )
  select ${timelyColumn}, exists (select from verdict where undone is not null) as undone`

function instantOf(microseconds: string): string {
  return `timestamptz 'epoch' + ${microseconds}::bigint * interval '1 microsecond'`
}

const madeText = (schema: string): string => `
  select ${answerIn('calls', '$3::text')} as made from ${schema}.families where tenant = $1 and key = $2`

const findText = (schema: string): string => `
  select binding, data, generation::text, revoked from ${schema}.families
  where tenant = $1 and key = $2 and expires_at > clock_timestamp() and generation >= 0`

/** The answer to a call that was made before. */
function madeOf({ made, data }: Row): Rotation {
  requireNotUndone(made)
  const [outcome, generation] = String(made).split(' ', 2)
  if (outcome === 'rotated' || outcome === 'retry') return { outcome, generation: Number(generation), data: textOf(data) }
  return { outcome: 'reused' }
}

function rotationOf(row: Row, presented: number): Rotation {
  const outcome = row.outcome as Rotation['outcome'] | 'made'
  switch (outcome) {
    case 'made':
      return madeOf(row)
    case 'rotated':
      return { outcome, generation: presented + 1, data: textOf(row.data) }
    case 'retry':
      return { outcome, generation: Number(row.generation), data: textOf(row.data) }
    case 'revoked':
      return { outcome, reason: textOf(row.revoked) }
    case 'reused':
    case 'mismatch':
    case 'ahead':
    case 'gone':
      return { outcome }
  }
}

/** Families of refresh tokens: every verdict of `rotate` is one statement. */
export function postgresFamilies(database: Database, schema: string, tenant: Buffer): RefreshFamilyStore {
  const [create, rotate, revoke, undo] = [createText(schema), rotateText(schema), revokeText(schema), undoText(schema)]
  const { callIdOf } = database
  const [made, find] = [madeText(schema), findText(schema)]

  /** The answer of a call that was refused now: its row is read again, after the other transaction has ended. */
  async function madeBefore(run: Run, key: Buffer, callId: string): Promise<unknown> {
    const [row] = await run(made, [tenant, key, callId])
    requireNotUndone(row?.made)
    return row?.made
  }

  return {
    async create({ family, binding, data, ttlMs, ...call }) {
      const [key, callId] = [rowKey(family), callIdOf(call)]
      const values = [tenant, key, bytesOf(binding), bytesOf(data), boundedMs(requireDuration('ttlMs', ttlMs)), callId]
      const created = await database.change(async (run, deadline) => {
        const [row] = await run(create, [...values, deadline])
        return requireTimely(row).created === true || (await madeBefore(run, key, callId)) === 'created'
      })
      if (!created) throw new Error('this family exists already')
    },
    async rotate(request) {
      requireRotation(request)
      const { family, binding, generation, heal = false, retryWindowMs, ttlMs } = request
      const keep = ttlMs === undefined ? null : boundedMs(ttlMs)
      const values = [tenant, rowKey(family), bytesOf(binding), generation, heal, boundedMs(retryWindowMs), keep, callIdOf(request)]
      return database.change(async (run, deadline) => {
        const [row] = await run(rotate, [...values, deadline])
        return rotationOf(requireTimely(row), generation)
      })
    },
    async revoke(family, reason, call) {
      const [key, callId] = [rowKey(family), callIdOf(call)]
      return database.change(async (run, deadline) => {
        const [row] = await run(revoke, [tenant, key, bytesOf(reason), callId, deadline])
        return requireTimely(row).ended === true || (await madeBefore(run, key, callId)) === 'ended'
      })
    },
    async undo(family, callId) {
      const values = [tenant, rowKey(family), callIdOf({ callId })]
      return database.change(async (run, deadline) => {
        const [row] = await run(undo, [...values, deadline])
        return requireTimely(row).undone === true
      })
    },
    async find(family) {
      const [row] = await database.operation((run) => run(find, [tenant, rowKey(family)]))
      if (row === undefined) return undefined
      const revoked = row.revoked === null ? undefined : textOf(row.revoked)
      return { binding: textOf(row.binding), data: textOf(row.data), generation: Number(row.generation), revoked }
    },
  }
}
