import { type RefreshFamilyStore, type Rotation, type RotationRequest, requireDuration } from '@countersign/core'
import type { Database } from './database.js'
import { bytesOf, type Row, textOf } from './driver.js'
import { boundedMs, rowKey } from './row-key.js'

const createText = (schema: string): string => `
  insert into ${schema}.families as f (tenant, key, binding, data, generation, expires_at)
  values ($1, $2, $3, $4, 0, clock_timestamp() + $5::float8 * interval '1 ms')
  on conflict (tenant, key) do update set binding = excluded.binding, data = excluded.data, generation = 0, rotated_at = null,
    revoked = null, expires_at = excluded.expires_at
    where f.expires_at <= clock_timestamp()
  returning true`

// `for update` waits for whoever holds the row and then reads what that one wrote (READ COMMITTED), so the verdict is
// about the newest row, and nobody can change that before this statement's own update is committed: no fork.
const rotateText = (schema: string): string => `
  with family as materialized (
    select binding, data, generation, rotated_at, revoked from ${schema}.families
    where tenant = $1 and key = $2 and expires_at > clock_timestamp()
    for update
  ),
  verdict as materialized (
    select data, generation, revoked, case
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
      revoked = case when v.outcome = 'reused' then convert_to('reused', 'UTF8') else f.revoked end
    from verdict v
    where f.tenant = $1 and f.key = $2 and v.outcome in ('rotated', 'reused')
  )
  select outcome, generation::text, data, revoked from verdict`

const revokeText = (schema: string): string => `
  update ${schema}.families set revoked = $3
  where tenant = $1 and key = $2 and revoked is null and expires_at > clock_timestamp()
  returning true`

const findText = (schema: string): string => `
  select binding, data, generation::text, revoked from ${schema}.families
  where tenant = $1 and key = $2 and expires_at > clock_timestamp()`

function checkRequest({ generation, retryWindowMs, keepForMs }: RotationRequest): void {
  if (!(Number.isSafeInteger(generation) && generation >= 0)) throw new TypeError('generation is a whole number')
  if (Number.isNaN(retryWindowMs)) throw new TypeError('retryWindowMs is a number of milliseconds')
  if (keepForMs !== undefined) requireDuration('keepForMs', keepForMs)
}

function rotationOf(row: Row | undefined, presented: number): Rotation {
  const outcome = row === undefined ? 'gone' : (row.outcome as Rotation['outcome'])
  switch (outcome) {
    case 'rotated':
      return { outcome, generation: presented + 1, data: textOf(row?.data) }
    case 'retry':
      return { outcome, generation: Number(row?.generation), data: textOf(row?.data) }
    case 'revoked':
      return { outcome, reason: textOf(row?.revoked) }
    case 'reused':
    case 'mismatch':
    case 'ahead':
    case 'gone':
      return { outcome }
  }
}

/** Chains of refresh tokens: every verdict of `rotate` is one statement. */
export function postgresFamilies(database: Database, schema: string, tenant: Buffer): RefreshFamilyStore {
  const [create, rotate, revoke, find] = [createText(schema), rotateText(schema), revokeText(schema), findText(schema)]
  return {
    async create({ family, binding, data, keepForMs }) {
      const values = [tenant, rowKey(family), bytesOf(binding), bytesOf(data), boundedMs(requireDuration('keepForMs', keepForMs))]
      const created = await database.operation((run) => run(create, values))
      if (created.length === 0) throw new Error('this family exists already')
    },
    async rotate(request) {
      checkRequest(request)
      const { family, binding, generation, heal = false, retryWindowMs, keepForMs } = request
      const keep = keepForMs === undefined ? null : boundedMs(keepForMs)
      const values = [tenant, rowKey(family), bytesOf(binding), generation, heal, boundedMs(retryWindowMs), keep]
      const [row] = await database.operation((run) => run(rotate, values))
      return rotationOf(row, generation)
    },
    async revoke(family, reason) {
      return (await database.operation((run) => run(revoke, [tenant, rowKey(family), bytesOf(reason)]))).length === 1
    },
    async find(family) {
      const [row] = await database.operation((run) => run(find, [tenant, rowKey(family)]))
      if (row === undefined) return undefined
      const revoked = row.revoked === null ? undefined : textOf(row.revoked)
      return { binding: textOf(row.binding), data: textOf(row.data), generation: Number(row.generation), revoked }
    },
  }
}
