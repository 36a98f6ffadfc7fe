import {
  type AuditEntry,
  type AuditStore,
  type CompleteAuditQuery,
  completeAuditEntry,
  completeAuditQuery,
  type Page,
  type StoredAuditEntry,
  wrongAfter,
} from '@countersign/core'
import type { Database } from './connection/database.js'
import { bytesOf, type Row, textOf } from './driver/driver.js'
import type { Tx } from './driver/transaction.js'
import { keptCalls } from './statements/kept-calls.js'
import { conditionsOf, readPage } from './statements/paged.js'
import { nameKey, wholeMs } from './statements/row-key.js'

const lastSql = 'select at from countersign_audit where tenant = ? order by at desc, id desc limit 1'
const appendSql = `insert into countersign_audit (tenant, at, entry, event, client, subject, expires_at) values (?, ?, ?, ?, ?, ?, ?)`

const keyOrNull = (text: string | undefined): Buffer | null => (text === undefined ? null : nameKey(text))
const keyOf = (text: string | undefined): Buffer | undefined => (text === undefined ? undefined : nameKey(text))

const idOf = ({ at, id }: Row): string => `${Number(at)}-${Number(id)}`

/** An instant as rows have it; infinite ones are beyond all rows. */
const instantOf = (milliseconds: number): number => Math.max(-1, Math.min(Number.MAX_SAFE_INTEGER, Math.ceil(milliseconds)))

/** The instant and the number behind which a page begins. */
function beginningOf({ after }: CompleteAuditQuery): readonly [number, number] | undefined {
  if (after === undefined) return undefined
  const [, at, id] = /^(\d{1,15})-(\d{1,15})$/.exec(after) ?? []
  if (at === undefined || id === undefined) throw wrongAfter('audit.page')
  return [Number(at), Number(id)]
}

function entryOf(row: Row): StoredAuditEntry {
  return { ...(JSON.parse(textOf(row.entry)) as AuditEntry), id: idOf(row), atMs: Number(row.at) }
}

function pageIn(tx: Tx, tenant: string, query: CompleteAuditQuery): Page<StoredAuditEntry> {
  const [event, client, subject] = [keyOf(query.event), keyOf(query.clientId), keyOf(query.subject)]
  // one of them chooses the index
  const indexed = conditionsOf(subject ? { subject } : client ? { client } : { event })
  const fitting = conditionsOf({ event, client })
  const { rows, end } = readPage(tx, {
    from: `countersign_audit where tenant = ? ${indexed.sql} and at >= ? and at < ?`,
    values: [tenant, ...indexed.values, instantOf(query.fromMs), instantOf(query.untilMs)],
    order: ['at', 'id'],
    behind: beginningOf(query),
    newestFirst: query.newestFirst,
    fitting: `expires_at > ? ${fitting.sql}`,
    fittingValues: [tx.now, ...fitting.values],
    limit: query.limit,
  })
  return { items: rows.map(entryOf), after: end && idOf(end) }
}

/** What happened. */
export function sqliteAudit(database: Database, tenant: string): AuditStore {
  const calls = keptCalls(tenant)
  return {
    async append(entry, { ttlMs, ...call }) {
      const text = bytesOf(completeAuditEntry(entry, ttlMs))
      const callId = database.givenId(call)
      const { event, clientId, subject } = entry
      const id = await database.write((tx) => {
        const made = calls.answer(tx, callId, ['audit'])
        if (typeof made === 'string') return made
        // a clock that was set back changes no order
        const at = Math.max(tx.now, Number(tx.rows(lastSql, tenant)[0]?.at ?? 0))
        const keys = [nameKey(event), keyOrNull(clientId), keyOrNull(subject)]
        tx.run(appendSql, tenant, at, text, ...keys, tx.now + wholeMs(ttlMs))
        const appended = idOf({ at, id: tx.rows('select last_insert_rowid() as id')[0]?.id })
        calls.keep(tx, callId, ['audit'], appended)
        return appended
      })
      return { id, dropped: 0 }
    },
    async page(query) {
      const complete = completeAuditQuery(query)
      beginningOf(complete)
      return database.read((tx) => pageIn(tx, tenant, complete))
    },
  }
}
