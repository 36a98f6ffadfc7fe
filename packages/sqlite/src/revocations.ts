import {
  type RevocationDelta,
  type RevocationEntry,
  type RevocationRecord,
  type RevocationStore,
  requireDuration,
  requireLimit,
  wholeDelta,
} from '@countersign/core'
import type { Database } from './connection/database.js'
import { bytesOf, type Row, textOf } from './driver/driver.js'
import type { Tx } from './driver/transaction.js'
import { keptCalls } from './statements/kept-calls.js'
import { type Memory, memoryOf, readWithMemory, sinceMs } from './statements/memory.js'
import { rowKey, wholeMs } from './statements/row-key.js'
import type { Watch } from './subscription.js'

const countSql = 'update countersign_memory set epoch = epoch + 1 where tenant = ?'
const addSql = 'insert into countersign_revocations (tenant, epoch, fact, entry, undone, expires_at) values (?, ?, ?, ?, ?, ?)'
const sinceSql = `select epoch, entry, undone, expires_at from countersign_revocations where tenant = ? and epoch > ?
  order by epoch limit ?`

/** Rows that one transaction reads: a long list must not hold the event loop. */
const rowsPerRead = 1_000

/** Epochs are `<microseconds at which the memory began>-<number>`: another memory has other epochs, and a later one greater. */
const epochOf = (since: number, number: number): string => `${since}-${number}`

/** [-1, -1] for what is not an epoch of this store: before everything. */
function partsOf(epoch: string): readonly [number, number] {
  const [memory, number, ...rest] = epoch.split('-', 3).map((part) => (part === '' ? Number.NaN : Number(part)))
  const known = rest.length === 0 && Number.isSafeInteger(memory) && Number.isSafeInteger(number)
  return known ? [memory ?? -1, number ?? -1] : [-1, -1]
}

/** The same for the same entry, in whichever order its members stand. */
function factOf(entry: RevocationEntry): Buffer {
  return rowKey(JSON.stringify(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1))))
}

function recordOf(row: Row, since: number, now: number): RevocationRecord {
  return {
    epoch: epochOf(since, Number(row.epoch)),
    entry: JSON.parse(textOf(row.entry)) as RevocationEntry,
    keepForMs: row.expires_at === null ? undefined : Number(row.expires_at) - now,
    ...(Number(row.undone) === 1 && { undone: true }),
  }
}

/** The denylist. */
export function sqliteRevocations(database: Database, tenant: string, watch: Watch): RevocationStore {
  const calls = keptCalls(tenant)

  function delta(tx: Tx, memory: Memory, epoch: string | undefined, limit: number): RevocationDelta {
    const asked = epoch === undefined ? undefined : partsOf(epoch)
    const lost = asked !== undefined && (asked[0] !== memory.since || asked[1] > memory.epoch)
    const rows = tx.rows(sinceSql, tenant, lost ? 0 : (asked?.[1] ?? 0), limit)
    const last = rows.length < limit ? memory.epoch : Number(rows.at(-1)?.epoch)
    return {
      epoch: epochOf(memory.since, last),
      records: rows
        .filter((row) => row.expires_at === null || Number(row.expires_at) > tx.now)
        .map((row) => recordOf(row, memory.since, tx.now)),
      ...(last < memory.epoch && { more: true }),
      lost,
      memorySince: sinceMs(memory),
      now: tx.now,
    }
  }

  const part = (epoch: string | undefined, limit: number): Promise<RevocationDelta> =>
    readWithMemory(database, tenant, (tx, memory) => delta(tx, memory, epoch, limit))

  return {
    async revoke(entry, { keepForMs, undone = false, ...call } = {}) {
      if (keepForMs !== undefined) requireDuration('keepForMs', keepForMs)
      const [callId, fact, text] = [database.givenId(call), factOf(entry), bytesOf(JSON.stringify(entry))]
      const added = await database.write((tx) => {
        const made = calls.answer(tx, callId, ['revocations'])
        if (typeof made === 'string') return made
        const memory = memoryOf(tx, tenant)
        const number = memory.epoch + 1
        tx.run(countSql, tenant)
        tx.run(addSql, tenant, number, fact, text, undone ? 1 : 0, keepForMs === undefined ? null : tx.now + wholeMs(keepForMs))
        const epoch = epochOf(memory.since, number)
        calls.keep(tx, callId, ['revocations'], epoch)
        return epoch
      })
      watch.tell(tenant)
      return added
    },
    since: async (epoch, { limit } = {}) =>
      limit === undefined ? wholeDelta(part, epoch, rowsPerRead) : part(epoch, Math.min(requireLimit(limit), rowsPerRead)),
    epoch: () => readWithMemory(database, tenant, (_, memory) => epochOf(memory.since, memory.epoch)),
    compare(a, b) {
      const [first, second] = [partsOf(a), partsOf(b)]
      return first[0] - second[0] || first[1] - second[1]
    },
    subscribe: (listener) => watch.subscribe(tenant, listener),
  }
}
