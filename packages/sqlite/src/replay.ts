import { type ReplayStore, requireDuration, rowKey } from '@countersign/core'
import type { Database } from './connection/database.js'
import type { Tx } from './driver/transaction.js'
import { keptCalls, requireNotUndone, undone } from './statements/kept-calls.js'
import { memoryOf, sinceMs } from './statements/memory.js'
import { wholeMs } from './statements/row-key.js'

const findSql = 'select call from countersign_claims where tenant = ? and key = ? and expires_at > ?'
const claimSql = `insert into countersign_claims (tenant, key, call, expires_at) values (?, ?, ?, ?)
  on conflict (tenant, key) do update set call = excluded.call, expires_at = excluded.expires_at`
const removeSql = 'delete from countersign_claims where tenant = ? and key = ?'

/** Ids that may be used once. */
export function sqliteReplay(database: Database, tenant: string): ReplayStore {
  const calls = keptCalls(tenant)
  const recordOf = (purpose: string, id: string): readonly string[] => ['replay', purpose, id]

  /** The call that claimed the id; null for one that nobody knows, undefined where nobody claimed it. */
  function claimant(tx: Tx, key: Buffer): string | null | undefined {
    const [row] = tx.rows(findSql, tenant, key, tx.now)
    return row && (row.call as string | null)
  }

  return {
    async claim({ purpose, id, issuedAgoMs, ttlMs, ...call }) {
      requireDuration('ttlMs', ttlMs)
      if (!Number.isFinite(issuedAgoMs)) throw new TypeError('issuedAgoMs must be a number of milliseconds')
      const [key, callId] = [rowKey(purpose, id), database.givenId(call)]
      return database.write((tx) => {
        requireNotUndone(calls.answer(tx, callId, recordOf(purpose, id)))
        const by = claimant(tx, key)
        if (by !== undefined) return by !== null && by === callId ? 'claimed' : 'replayed'
        if (tx.now - issuedAgoMs < sinceMs(memoryOf(tx, tenant))) return 'unprovable'
        tx.run(claimSql, tenant, key, callId ?? null, tx.now + wholeMs(ttlMs))
        return 'claimed'
      })
    },
    async undo({ purpose, id }, given) {
      const [key, callId] = [rowKey(purpose, id), database.callIdOf({ callId: given })]
      return database.write((tx) => {
        if (claimant(tx, key) !== callId) return calls.answer(tx, callId, recordOf(purpose, id)) === undone
        tx.run(removeSql, tenant, key)
        calls.keep(tx, callId, recordOf(purpose, id), undone)
        return true
      })
    },
  }
}
