import {
  type CompleteRevocationQuery,
  completeRevocationQuery,
  cursorParts,
  type Page,
  type RevocationAddition,
  type RevocationDelta,
  type RevocationRecord,
  type RevocationStore,
  requireAdditions,
  requireLimit,
  revocationKey,
  revocationName,
  storedRevocation,
  tieRevokeAll,
  wholeDelta,
  wrongAfter,
} from '@countersign/core'
import type { Database } from './connection/database.js'
import type { Watch } from './connection/watch.js'
import { bytesOf, type Row, textOf, type Value } from './driver/driver.js'
import type { Tx } from './driver/transaction.js'
import { keptCalls } from './statements/kept-calls.js'
import { type Memory, memoryOf, readWithMemory, sinceMs } from './statements/memory.js'
import { conditionsOf, readPage } from './statements/paged.js'
import { nameKey, wholeMs } from './statements/row-key.js'

const countSql = 'update countersign_memory set epoch = epoch + ? where tenant = ?'
const addSql = `insert into countersign_revocations (tenant, epoch, fact, entry, undone, expires_at, type, issuer, name)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?)`
const sinceSql = `select epoch, entry, undone, expires_at from countersign_revocations where tenant = ? and epoch > ?
  order by epoch limit ?`

/** Rows that one transaction reads: a long list must not hold the event loop. */
const rowsPerRead = 1_000

/** Epochs are `<microseconds at which the memory began>-<number>`: another memory has other epochs, and a later one greater. */
const cursorOf = (since: number, number: number): string => `${since}-${number}`

function recordOf(row: Row, since: number, now: number): RevocationRecord {
  return {
    cursor: cursorOf(since, Number(row.epoch)),
    entry: storedRevocation.fromRecord(JSON.parse(textOf(row.entry)) as object),
    ttlMs: row.expires_at === null ? undefined : Number(row.expires_at) - now,
    ...(Number(row.undone) === 1 && { reinstated: true }),
  }
}

/** A row without tenant and number. A later release may have entries that this one does not know. */
function valuesOf({ entry, ttlMs, reinstated = false }: RevocationAddition, now: number): readonly Value[] {
  const { type, issuer }: { readonly type?: string; readonly issuer?: string } = entry
  const name: string | undefined = revocationName(entry)
  const end = ttlMs === undefined ? null : now + wholeMs(ttlMs)
  return [
    revocationKey(entry),
    bytesOf(JSON.stringify(storedRevocation.toRecord(entry))),
    reinstated ? 1 : 0,
    end,
    type ?? '',
    nameKey(issuer ?? ''),
    nameKey(name ?? ''),
  ]
}

/** The number behind which a page begins. */
function beginningOf({ after }: CompleteRevocationQuery): number | undefined {
  if (after === undefined) return undefined
  const [, number] = cursorParts(after)
  if (number < 0) throw wrongAfter('revocations.page')
  return number
}

function pageIn(tx: Tx, tenant: string, { since }: Memory, query: CompleteRevocationQuery): Page<RevocationRecord> {
  const [issuer, name] = [query.issuer, query.name].map((text) => (text === undefined ? undefined : nameKey(text)))
  const { type } = query
  // one of them chooses the index
  const indexed = conditionsOf(name ? { name } : issuer ? { issuer } : { type })
  const fitting = conditionsOf({ type, issuer })
  const beginning = beginningOf(query)
  const { rows, end } = readPage(tx, {
    from: `countersign_revocations where tenant = ? ${indexed.sql}`,
    values: [tenant, ...indexed.values],
    order: ['epoch'],
    behind: beginning === undefined ? undefined : [beginning],
    newestFirst: query.newestFirst,
    fitting: `(expires_at is null or expires_at > ?) ${fitting.sql}`,
    fittingValues: [tx.now, ...fitting.values],
    limit: query.limit,
  })
  return { items: rows.map((row) => recordOf(row, since, tx.now)), after: end && cursorOf(since, Number(end.epoch)) }
}

/** The denylist. */
export function sqliteRevocations(database: Database, tenant: string, watch: Watch): RevocationStore {
  const calls = keptCalls(tenant)

  function delta(tx: Tx, memory: Memory, cursor: string | undefined, limit: number): RevocationDelta {
    const asked = cursor === undefined ? undefined : cursorParts(cursor)
    const lost = asked !== undefined && (asked[0] !== memory.since || asked[1] > memory.epoch)
    const rows = tx.rows(sinceSql, tenant, lost ? 0 : (asked?.[1] ?? 0), limit)
    const last = rows.length < limit ? memory.epoch : Number(rows.at(-1)?.epoch)
    return {
      cursor: cursorOf(memory.since, last),
      records: rows
        .filter((row) => row.expires_at === null || Number(row.expires_at) > tx.now)
        .map((row) => recordOf(row, memory.since, tx.now)),
      ...(last < memory.epoch && { more: true }),
      lost,
      retainedSince: sinceMs(memory),
      now: tx.now,
    }
  }

  const part = (cursor: string | undefined, limit: number): Promise<RevocationDelta> =>
    readWithMemory(database, tenant, (tx, memory) => delta(tx, memory, cursor, limit))

  const revokeAll: RevocationStore['revokeAll'] = async (entries, call) => {
    requireAdditions(entries)
    if (entries.length === 0) return []
    const callId = database.givenId(call)
    const last = await database.write((tx) => {
      const made = calls.answer(tx, callId, ['revocations'])
      if (typeof made === 'string') return made
      const memory = memoryOf(tx, tenant)
      tx.run(countSql, entries.length, tenant)
      for (const [at, entry] of entries.entries()) tx.run(addSql, tenant, memory.epoch + at + 1, ...valuesOf(entry, tx.now))
      const cursor = cursorOf(memory.since, memory.epoch + entries.length)
      calls.keep(tx, callId, ['revocations'], cursor)
      return cursor
    })
    watch.tell(tenant)
    const [since, number] = cursorParts(last)
    return entries.map((_, at) => cursorOf(since, number - entries.length + 1 + at))
  }

  return tieRevokeAll<RevocationStore>({
    async revoke(entry, { ttlMs, reinstated, ...call } = {}) {
      const [cursor = ''] = await revokeAll([{ entry, ttlMs, reinstated }], call)
      return cursor
    },
    revokeAll,
    async page(query) {
      const complete = completeRevocationQuery(query)
      beginningOf(complete)
      return readWithMemory(database, tenant, (tx, memory) => pageIn(tx, tenant, memory, complete))
    },
    since: async (cursor, { limit } = {}) =>
      limit === undefined ? wholeDelta(part, cursor, rowsPerRead) : part(cursor, Math.min(requireLimit(limit), rowsPerRead)),
    cursor: () => readWithMemory(database, tenant, (_, memory) => cursorOf(memory.since, memory.epoch)),
    compare(a, b) {
      const [first, second] = [cursorParts(a), cursorParts(b)]
      return first[0] - second[0] || first[1] - second[1]
    },
    subscribe: (listener) => watch.subscribe(tenant, listener),
  })
}
