import { timelyColumn, timelyCte } from './calls.js'
import type { CallStatements, KeptCalls } from './kept-calls.js'

const within = 'tenant = $1 and kind = $2 and collection = $3'

/** Statements that change one document, or several. */
export function changeTexts(
  schema: string,
  calls: KeptCalls,
): Readonly<Record<'create' | 'change' | 'remove' | 'removeMany', CallStatements>> {
  const table = `${schema}.documents`
  const verdict = (column: string): string => `select ${timelyColumn}, ${column}, exists (select from changed) as changed`
  return {
    create: calls.statements(
      8,
      ({ made, unmade, keep, column }) => `with ${timelyCte('$7')}${made},
      changed as (
        insert into ${table} (tenant, kind, collection, id, value, group_name, revision)
        select $1, $2, $3, $4, $5, $6::bytea, 1 from timely where true ${unmade} on conflict do nothing returning true
      )${keep("'put'", 'changed')} ${verdict(column)}`,
    ),
    change: calls.statements(
      9,
      ({ made, unmade, keep, column }) => `with ${timelyCte('$8')}${made},
      changed as (
        update ${table} set value = $5, group_name = $6::bytea, revision = revision + 1
        where ${within} and id = $4 and revision = $7 and exists (select from timely) ${unmade} returning true
      )${keep("'put'", 'changed')} ${verdict(column)}`,
    ),
    remove: calls.statements(
      7,
      ({ made, unmade, keep, column }) => `with ${timelyCte('$6')}${made},
      changed as (
        delete from ${table} where ${within} and id = $4 and revision = $5 and exists (select from timely) ${unmade} returning true
      )${keep("'removed'", 'changed')} ${verdict(column)}`,
    ),
    // In one order, so that two such statements cannot wait for each other. The answer is the places of what was removed.
    removeMany: calls.statements(
      7,
      ({ made, unmade, keep, column }) => `with ${timelyCte('$6')}${made},
      meant as materialized (
        select d.ctid as row, n.place from unnest($3::bytea[], $4::bytea[], $5::bigint[]) with ordinality n (collection, id, revision, place)
        join ${table} d on d.tenant = $1 and d.kind = $2 and d.collection = n.collection and d.id = n.id and d.revision = n.revision
        where exists (select from timely) ${unmade} order by d.collection, d.id for update of d
      ),
      gone as (
        delete from ${table} d using meant where d.ctid = meant.row returning meant.place
      ),
      changed as (
        select string_agg(place::text, ' ' order by place) as places from gone having count(*) > 0
      )${keep("'removed ' || places", 'changed')} select ${timelyColumn}, ${column}, (select places from changed) as places`,
    ),
  }
}

/** A page of a collection, of a group of it, or of ids that begin alike. */
export type PageFilter = 'all' | 'group' | 'prefix'
/** Where a page begins: with the first, behind an id, or at a number. */
export type PageStart = 'first' | 'after' | 'offset'

const filters: Readonly<Record<PageFilter, string>> = {
  all: '',
  group: 'and group_name = $5',
  prefix: "and id >= $5 and id < $5 || '\\xff'::bytea",
}

/**
 * The id of the document at a place. What stands before it is left out by the index alone; if a counter tells how many there are, the place
 * is reached from the end that is nearer, as of the same snapshot.
 */
function idAt(schema: string, filter: PageFilter, offset: string): string {
  const ids = `select id from ${schema}.documents where ${within} ${filters[filter]}`
  const fromFirst = `(${ids} order by id offset ${offset}::bigint limit 1)`
  if (filter === 'prefix') return fromFirst
  return `(
    select case
      when total.documents is null or 2 * ${offset}::bigint <= total.documents then ${fromFirst}
      when ${offset}::bigint < total.documents then (${ids} order by id desc offset total.documents - 1 - ${offset}::bigint limit 1)
    end
    from (
      select sum(documents)::bigint as documents from ${schema}.document_counts where ${within} ${filters[filter]}
      and exists (select from ${schema}.document_counters where ${within} and home = '${schema}.documents'::regclass and is_ready)
    ) total
  )`
}

/**
 * A text for each kind of page: a condition that counts in some calls only would be no condition of an index in a plan that is made
 * once for all calls. The limit is `$4`, the filter `$5`, and the start comes last.
 */
function pageText(schema: string, filter: PageFilter, start: PageStart): string {
  const place = filter === 'all' ? '$5' : '$6'
  const starts: Readonly<Record<PageStart, () => string>> = {
    first: () => '',
    after: () => `and id > ${place}::bytea`,
    offset: () => `and id >= ${idAt(schema, filter, place)}`,
  }
  return `select ${columns} from ${schema}.documents where ${within} ${filters[filter]} ${starts[start]()} order by id limit $4`
}

const columns = 'id, value, revision::text'

/** Statements that read. */
export function readTexts(schema: string): Readonly<Record<'get' | 'getMany' | 'scan' | 'scanFirst', string>> & {
  readonly page: (filter: PageFilter, start: PageStart) => string
} {
  const table = `${schema}.documents`
  const scan = (start: string, limit: string): string =>
    `select collection, ${columns}, group_name from ${table} where tenant = $1 and kind = $2 ${start} order by collection, id limit ${limit}`
  return {
    get: `select ${columns} from ${table} where ${within} and id = $4`,
    getMany: `
      select n.place::int, d.id, d.value, d.revision::text
      from unnest($3::bytea[], $4::bytea[]) with ordinality n (collection, id, place)
      join ${table} d on d.tenant = $1 and d.kind = $2 and d.collection = n.collection and d.id = n.id`,
    scanFirst: scan('', '$3'),
    scan: scan('and (collection, id) > ($3, $4::bytea)', '$5'),
    page: (filter, start) => pageText(schema, filter, start),
  }
}
