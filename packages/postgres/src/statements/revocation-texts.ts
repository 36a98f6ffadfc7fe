import { memoryCte, micros } from '../connection/server-memory.js'
import { timelyColumn, timelyCte } from './calls.js'
import type { CallParts } from './kept-calls.js'
import { lookedAt, type PageOrder } from './paged.js'

// The numbers are drawn by updating the one row of the tenant, which stays locked until the commit: numbers become visible
// in their order and without a gap. (Those of a sequence do not, and a reader would skip the one that commits late.)
/** Adds entries: lists in $4 to $7 and $10 to $12, channel and topic in $8 and $9, deadline in $13. Answers the number of the last. */
export const revokeText = (schema: string, { made, unmade, keep, column }: CallParts): string => `
  with ${timelyCte('$13')}, ${memoryCte(schema)}${made},
  numbered as (
    update ${schema}.memory m set epoch = m.epoch + cardinality($4::bytea[])
    where m.tenant = $1 and exists (select from memory) and exists (select from timely) ${unmade}
    returning m.since, m.epoch
  ),
  added as (
    insert into ${schema}.revocations (tenant, epoch, fact, entry, undone, expires_at, type, issuer, name)
    select $1, n.epoch - cardinality($4::bytea[]) + e.place, e.fact, e.entry, e.undone, clock_timestamp() + e.keep * interval '1 ms', e.type, e.issuer, e.name
    from numbered n cross join unnest($4::bytea[], $5::bytea[], $6::boolean[], $7::float8[], $10::text[], $11::bytea[], $12::bytea[])
      with ordinality e (fact, entry, undone, keep, type, issuer, name, place)
  ),
  told as materialized (select pg_notify($8, $9) from numbered)${keep(`concat_ws('-', ${micros('since')}, epoch)`, 'numbered')}
  select ${timelyColumn}, ${column}, exists (select from memory) as known, (select count(*) from told) as told,
    ${micros('since')}::text as memory, numbered.epoch::text as number
  from (select 1) as one left join numbered on true`

/** Which of the indexes a page is read by. */
export type PageIndex = 'all' | 'type' | 'issuer' | 'issuerAndType' | 'name'

const conditions: Readonly<Record<PageIndex, string>> = {
  all: 'true',
  type: 'r.type = $6',
  issuer: 'r.issuer = $7',
  issuerAndType: 'r.issuer = $7 and r.type = $6',
  name: 'r.name = $8',
}

/**
 * A page behind the number $4, of at most $5 records. $6 to $8 are type, issuer and name, null for any. Rows that an earlier release wrote have
 * none of them (\`unnamed\`): up to a thousand are answered as well, for the caller to judge. \`named_until\` and \`unnamed_until\` are how far was
 * looked, null if to the end.
 */
export function pageText(schema: string, index: PageIndex, { behind, direction }: PageOrder): string {
  const from = (condition: string): string =>
    `from ${schema}.revocations r where r.tenant = $1 and r.epoch ${behind} $4::bigint and ${condition}`
  const alive = '(expires_at is null or expires_at > clock_timestamp())'
  const fits = `($6::text is null or type = $6) and ($7::bytea is null or issuer = $7) and ($8::bytea is null or name = $8)`
  const named = index === 'all' ? 'true' : 'r.type is not null'
  const unnamed = index === 'all' ? 'false' : 'r.type is null'
  const order = `order by epoch ${direction}`
  return `
  with ${memoryCte(schema)},
  named as materialized (
    select * from (select r.* ${from(`${conditions[index]} and ${named}`)} ${order} limit ${lookedAt}) looked
    where ${alive} and ${fits} ${order} limit $5
  ),
  unnamed as materialized (select r.* ${from(unnamed)} ${order} limit 1000),
  part as (select * from named union all select * from unnamed where ${alive})
  select m.epoch is not null as known, ${micros('m.since')}::text as memory,
    (select epoch ${from(`${conditions[index]} and ${named}`)} ${order} offset ${lookedAt - 1} limit 1)::text as named_until,
    (select epoch from unnamed ${order} offset 999 limit 1)::text as unnamed_until,
    r.epoch::text as of, r.entry, r.undone, (extract(epoch from r.expires_at - clock_timestamp()) * 1000)::text as left_ms
  from (select 1) as one left join memory m on true left join part r on true
  order by r.epoch ${direction}`
}
