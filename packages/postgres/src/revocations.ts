import {
  type CompleteRevocationQuery,
  completeRevocationQuery,
  cursorParts,
  deltaOf,
  fitsRevocationQuery,
  type Page,
  type RevocationAddition,
  type RevocationDelta,
  type RevocationRecord,
  type RevocationStore,
  requireAdditions,
  requireLimit,
  revocationKey,
  storedRevocation,
  tieRevokeAll,
  wholeDelta,
  wrongAfter,
} from '@countersign/core'
import type { Database } from './connection/connection.js'
import { bytesOf, type Row, textOf } from './connection/driver.js'
import { type MemorySince, memoryCte, micros } from './connection/server-memory.js'
import { keptCalls } from './statements/kept-calls.js'
import { pageTexts } from './statements/paged.js'
import { nameKey, namesOf } from './statements/revocation-names.js'
import { type PageIndex, pageText, revokeText } from './statements/revocation-texts.js'
import { boundedMs } from './statements/row-key.js'
import type { Topic } from './subscription.js'

const epochText = (schema: string): string => `
  with ${memoryCte(schema)}
  select memory.epoch is not null as known, ${micros('since')}::text as memory, epoch::text as number
  from (select 1) as one left join memory on true`

// One statement sees one state: the number and the entries belong together. A part is a range of
// numbers that begins with the next entry: without statistics the planner would sort all that follows for each part.
// It is answered as one row, with the entries as one text of JSON: a driver takes ten times as long for a row each.
const sinceText = (schema: string): string => `
  with ${memoryCte(schema)},
  asked as materialized (select case when $4::bigint = ${micros('since')} and $5::bigint <= epoch then $5::bigint else 0 end as after from memory),
  first as materialized (
    select r.epoch from ${schema}.revocations r where r.tenant = $1 and r.epoch > (select after from asked) order by r.epoch limit 1
  ),
  part as materialized (
    select r.epoch, r.entry, r.undone, date_part('epoch', r.expires_at) as ends from ${schema}.revocations r
    where r.tenant = $1 and (r.expires_at is null or r.expires_at > clock_timestamp())
      and r.epoch >= (select epoch from first) and r.epoch < (select epoch from first) + $7::bigint
    order by r.epoch limit $6
  ),
  told as materialized (
    select count(*) as records, max(epoch) as last, array_agg(epoch)::text as numbers, array_agg(ends)::text as ends, case when bool_or(undone) then array_agg(undone)::text end as undone,
      '['::bytea || string_agg(entry, ','::bytea) || ']'::bytea as entries, getdatabaseencoding() = 'UTF8' as is_utf8 from part
  )
  select m.epoch is not null as known, ${micros('m.since')}::text as memory, m.epoch::text as number,
    case when told.records = $6 then told.last else least(m.epoch, (select epoch from first) + $7::bigint - 1) end::text as until,
    (extract(epoch from clock_timestamp()) * 1000)::text as now_ms, (select epoch from first)::text as first,
    told.records::text, told.numbers, told.ends, told.undone, case when is_utf8 then convert_from(told.entries, 'UTF8') end as text,
    case when not is_utf8 then told.entries end as bytes
  from told left join memory m on true`

/** Entries that one statement reads: each has its own limit of time, so that a long list can be read at all. */
const entriesPerRead = 1_000

/** Epochs are `<microseconds at which the memory began>-<number>`: another memory has other epochs, and a later one greater. */
const cursorOf = (memory: unknown, number: unknown): string => `${String(memory)}-${String(number)}`

function recordOf(row: Row): RevocationRecord {
  return {
    cursor: cursorOf(row.memory, row.of),
    entry: storedRevocation.fromRecord(JSON.parse(textOf(row.entry)) as object),
    ttlMs: row.left_ms === null ? undefined : Math.max(1, Math.ceil(Number(row.left_ms))),
    ...(row.undone === true && { reinstated: true }),
  }
}

/** The members of an array in PostgreSQL's text, which are plain words. */
const membersOf = (array: unknown): readonly string[] => (typeof array === 'string' ? array.slice(1, -1).split(',') : [])

/** Entries are texts of `JSON.stringify`, which are UTF-8 always. Only a database in UTF-8 answers each of them as text. */
function recordsOf({ memory, numbers, ends, undone, text, bytes }: Row, now: number): readonly RevocationRecord[] {
  if (text === null && bytes === null) return []
  const parsed = JSON.parse(typeof text === 'string' ? text : textOf(bytes)) as readonly object[]
  const [numbersOf, endsOf, undoneOf] = [membersOf(numbers), membersOf(ends), membersOf(undone)]
  return parsed.map((stored, at) => {
    const entry = storedRevocation.fromRecord(stored)
    const end = endsOf[at] ?? ''
    const ttlMs = end === 'NULL' ? undefined : Math.max(1, Math.ceil(Number(end) * 1_000 - now))
    const cursor = cursorOf(memory, numbersOf[at])
    return undoneOf[at] === 't' ? { cursor, entry, ttlMs, reinstated: true } : { cursor, entry, ttlMs }
  })
}

function partOf(row: Row, asked: readonly [number, number] | undefined): RevocationDelta {
  const { memory, number, until } = row
  const now = Number(row.now_ms)
  const place = {
    cursor: cursorOf(memory, until),
    ...(until !== number && { more: true }),
    lost: asked !== undefined && (asked[0] !== Number(memory) || asked[1] > Number(number)),
    retainedSince: Math.ceil(Number(memory) / 1_000),
    now: Math.floor(now),
  }
  return deltaOf(place, () => recordsOf(row, now))
}

/** The width of the range of numbers that has about as many entries as requested. It grows with the share of entries that have ended. */
interface RangeWidth {
  of(limit: number): number
  read(row: Row): void
}

const widestRange = 50

function createRangeWidth(): RangeWidth {
  const state = { perEntry: 1 }
  return {
    of: (limit) => Math.ceil(limit * Math.min(widestRange, state.perEntry * 1.1)),
    read({ first, until, records }) {
      if (first !== null) state.perEntry = (Number(until) - Number(first) + 1) / Math.max(1, Number(records))
    },
  }
}

/** The lists that {@link revokeText} takes. */
function listsOf(entries: readonly RevocationAddition[]): { readonly told: readonly unknown[]; readonly names: readonly unknown[] } {
  const names = entries.map(({ entry }) => namesOf(entry))
  return {
    told: [
      entries.map(({ entry }) => revocationKey(entry)),
      entries.map(({ entry }) => bytesOf(JSON.stringify(storedRevocation.toRecord(entry)))),
      entries.map(({ reinstated = false }) => reinstated),
      entries.map(({ ttlMs }) => (ttlMs === undefined ? null : boundedMs(ttlMs))),
    ],
    names: [names.map(({ type }) => type), names.map(({ issuer }) => issuer), names.map(({ name }) => name)],
  }
}

function indexFor({ type, issuer, name }: CompleteRevocationQuery): PageIndex {
  if (name !== undefined) return 'name'
  if (issuer !== undefined) return type === undefined ? 'issuer' : 'issuerAndType'
  return type === undefined ? 'all' : 'type'
}

/** Beyond every number. */
const lastNumber = '9223372036854775807'

/** Where a page begins. */
function beginningOf({ after, newestFirst }: CompleteRevocationQuery): string {
  if (after === undefined) return newestFirst ? lastNumber : '0'
  const [, number] = cursorParts(after)
  if (number < 0) throw wrongAfter('revocations.page')
  return String(number)
}

/** What was looked at ends at the nearest of the ends that were met. */
function pageOf(rows: readonly [Row, ...Row[]], query: CompleteRevocationQuery): Page<RevocationRecord> {
  const [{ memory, named_until: named, unnamed_until: unnamed }] = rows
  const ends = [named, unnamed].filter((end) => typeof end === 'string').map(Number)
  const end = ends.length === 0 ? undefined : query.newestFirst ? Math.max(...ends) : Math.min(...ends)
  const isWithin = (row: Row): boolean => end === undefined || (query.newestFirst ? Number(row.of) >= end : Number(row.of) <= end)
  const fitting = rows.filter((row) => row.of !== null && isWithin(row)).map(recordOf)
  const items = fitting.filter(({ entry }) => fitsRevocationQuery(entry, query)).slice(0, query.limit)
  if (items.length === query.limit) return { items, after: items.at(-1)?.cursor }
  return { items, after: end === undefined ? undefined : cursorOf(memory, end) }
}

/** The denylist. */
export function postgresRevocations(
  database: Database,
  schema: string,
  parts: { readonly tenant: Buffer; readonly memory: MemorySince; readonly topic: Topic; readonly subscribe: RevocationStore['subscribe'] },
): RevocationStore {
  const [current, since] = [epochText(schema), sinceText(schema)]
  const calls = keptCalls(database, schema, parts.tenant)
  const width = createRangeWidth()
  async function part(cursor: string | undefined, limit: number): Promise<RevocationDelta> {
    const asked = cursor === undefined ? undefined : cursorParts(cursor)
    const values = [...(asked ?? [-1, -1]), limit, width.of(limit)]
    const [row] = await database.operation((run) => parts.memory.remembering(run, since, values))
    width.read(row)
    return partOf(row, asked)
  }
  const revoke = calls.statements(14, (callParts) => revokeText(schema, callParts))
  const pages = (index: PageIndex) => pageTexts((order) => pageText(schema, index, order))
  const texts = {
    all: pages('all'),
    type: pages('type'),
    issuer: pages('issuer'),
    issuerAndType: pages('issuerAndType'),
    name: pages('name'),
  }

  const revokeAll: RevocationStore['revokeAll'] = async (entries, call) => {
    requireAdditions(entries)
    if (entries.length === 0) return []
    const { told, names } = listsOf(entries)
    const { row, made } = await calls.change({
      statements: revoke,
      values: [...told, parts.topic.channel, parts.topic.name, ...names],
      call,
      record: ['revocations'],
      isDone: ({ number }) => number !== null,
      within: (run, text, all) => parts.memory.remembering(run, text, all),
    })
    const [memory, last] = made === undefined ? [row.memory, Number(row.number)] : cursorParts(made)
    return entries.map((_, at) => cursorOf(memory, last - entries.length + 1 + at))
  }

  return tieRevokeAll<RevocationStore>({
    async revoke(entry, { ttlMs, reinstated, ...call } = {}) {
      const [cursor = ''] = await revokeAll([{ entry, ttlMs, reinstated }], call)
      return cursor
    },
    revokeAll,
    async page(query) {
      const complete = completeRevocationQuery(query)
      const { type, issuer, name, limit, newestFirst } = complete
      const text = texts[indexFor(complete)][newestFirst ? 'newestFirst' : 'oldestFirst']
      const keys = [issuer, name].map((value) => (value === undefined ? null : nameKey(value)))
      const values = [beginningOf(complete), limit, type ?? null, ...keys]
      return pageOf(await database.operation((run) => parts.memory.remembering(run, text, values)), complete)
    },
    since: async (cursor, { limit } = {}) =>
      limit === undefined ? wholeDelta(part, cursor, entriesPerRead) : part(cursor, Math.min(requireLimit(limit), entriesPerRead)),
    async cursor() {
      const [row] = await database.operation((run) => parts.memory.remembering(run, current, []))
      return cursorOf(row.memory, row.number)
    },
    compare(a, b) {
      const [first, second] = [cursorParts(a), cursorParts(b)]
      return first[0] - second[0] || first[1] - second[1]
    },
    subscribe: parts.subscribe,
  })
}
