import {
  type AuditEntry,
  type AuditStore,
  type CompleteAuditQuery,
  completeAuditEntry,
  completeAuditQuery,
  type StoredAuditEntry,
  wrongAfter,
} from '@countersign/core'
import type { Database } from './connection/connection.js'
import { bytesOf, type Row, textOf } from './connection/driver.js'
import { timelyColumn, timelyCte } from './statements/calls.js'
import { type CallParts, keptCalls } from './statements/kept-calls.js'
import { lookedAt, type PageOrder, pageTexts } from './statements/paged.js'
import { nameKey } from './statements/revocation-names.js'
import { boundedMs } from './statements/row-key.js'

const cursor = `(extract(epoch from at) * 1000)::bigint || '-' || id`

/** Of the clock, and never before the last entry: the server's clock can be set back. */
const nextInstant = (schema: string): string => `greatest(
  date_trunc('milliseconds', clock_timestamp()),
  (select at from ${schema}.audit where tenant = $1 order by at desc, id desc limit 1)
)`

const appendText = (schema: string, { made, unmade, keep, column }: CallParts): string => `
  with ${timelyCte('$7')}${made},
  appended as (
    insert into ${schema}.audit (tenant, at, entry, event, client, subject, expires_at)
    select $1, ${nextInstant(schema)}, $2, $3, $4, $5, clock_timestamp() + $6::float8 * interval '1 ms'
    from timely where true ${unmade}
    returning at, id
  )${keep(cursor, 'appended')}
  select ${timelyColumn}, ${column}, (select ${cursor} from appended) as id`

/** Which of the indexes a page is read by. */
type AuditIndex = 'all' | 'event' | 'client' | 'subject'

const conditions: Readonly<Record<AuditIndex, string>> = {
  all: 'true',
  event: 'event = $7',
  client: 'client = $8',
  subject: 'subject = $9',
}

/** A page behind the instant $2 and the number $3, between the instants $4 and $5, of at most $6 entries. $7 to $9 are event, client and subject. */
function pageText(schema: string, index: AuditIndex, { behind, direction }: PageOrder): string {
  // In the last select "id" alone would be the cursor, as a text: 10 before 9.
  const order = `order by at ${direction}, id ${direction}`
  const read = `from ${schema}.audit where tenant = $1 and ${conditions[index]}
    and (at, id) ${behind} ($2::timestamptz, $3::bigint) and at >= $4::timestamptz and at < $5::timestamptz ${order}`
  return `
  with fitting as materialized (
    select * from (select * ${read} limit ${lookedAt}) looked
    where expires_at > clock_timestamp() and ($7::bytea is null or event = $7) and ($8::bytea is null or client = $8)
      and ($9::bytea is null or subject = $9) ${order} limit $6
  )
  select (select ${cursor} ${read} offset ${lookedAt - 1} limit 1) as until, ${cursor} as id, (extract(epoch from at) * 1000)::text as at_ms, entry
  from (select 1) as one left join fitting on true order by fitting.at ${direction}, fitting.id ${direction}`
}

function indexFor({ event, clientId, subject }: CompleteAuditQuery): AuditIndex {
  if (subject !== undefined) return 'subject'
  if (clientId !== undefined) return 'client'
  return event === undefined ? 'all' : 'event'
}

/** Years of four digits, which is what the server reads. */
const lastMs = 253_402_300_799_999

function instantOf(milliseconds: number): string {
  if (milliseconds < 0) return '-infinity'
  return milliseconds > lastMs ? 'infinity' : new Date(Math.ceil(milliseconds)).toISOString()
}

/** The instant and the number behind which a page begins: an index is read from there on. */
function beginningOf({ after, newestFirst, fromMs, untilMs }: CompleteAuditQuery): readonly [string, string] {
  if (after === undefined) return [instantOf(newestFirst ? untilMs : fromMs), '0']
  const [, milliseconds, number = ''] = /^(\d{1,15})-(\d{1,18})$/.exec(after) ?? []
  if (milliseconds === undefined) throw wrongAfter('audit.page')
  return [instantOf(Number(milliseconds)), number]
}

function entryOf(row: Row): StoredAuditEntry {
  return { ...(JSON.parse(textOf(row.entry)) as AuditEntry), id: String(row.id), atMs: Number(row.at_ms) }
}

const keyOrNull = (text: string | undefined): Buffer | null => (text === undefined ? null : nameKey(text))

/** What happened. */
export function postgresAudit(database: Database, schema: string, tenant: Buffer): AuditStore {
  const calls = keptCalls(database, schema, tenant)
  const append = calls.statements(8, (parts) => appendText(schema, parts))
  const pages = (index: AuditIndex) => pageTexts((order) => pageText(schema, index, order))
  const texts = { all: pages('all'), event: pages('event'), client: pages('client'), subject: pages('subject') }
  return {
    async append(entry, { ttlMs, ...call }) {
      const json = completeAuditEntry(entry, ttlMs)
      const { event, clientId, subject } = entry
      const values = [bytesOf(json), nameKey(event), keyOrNull(clientId), keyOrNull(subject), boundedMs(ttlMs)]
      const { row, made } = await calls.change({ statements: append, values, call, record: ['audit'], isDone: ({ id }) => id !== null })
      return { id: made ?? String(row.id), dropped: 0 }
    },
    async page(query) {
      const complete = completeAuditQuery(query)
      const { event, clientId, subject, limit, newestFirst } = complete
      const text = texts[indexFor(complete)][newestFirst ? 'newestFirst' : 'oldestFirst']
      const between = [instantOf(complete.fromMs), instantOf(complete.untilMs)]
      const values = [tenant, ...beginningOf(complete), ...between, limit, keyOrNull(event), keyOrNull(clientId), keyOrNull(subject)]
      const rows = await database.operation((run) => run(text, values))
      const items = rows.filter(({ id }) => id !== null).map(entryOf)
      const until = rows[0]?.until
      if (items.length === limit) return { items, after: items.at(-1)?.id }
      return { items, after: typeof until === 'string' ? until : undefined }
    },
  }
}
