import { type AttemptStore, type AttemptVerdict, requireDuration, rowKey } from '@countersign/core'
import type { Database } from './connection/database.js'
import type { Tx } from './driver/transaction.js'
import { keptCalls } from './statements/kept-calls.js'
import { wholeMs } from './statements/row-key.js'

const findSql = 'select used, expires_at from countersign_attempts where tenant = ? and key = ? and expires_at > ?'
const setSql = `insert into countersign_attempts (tenant, key, used, expires_at) values (?, ?, ?, ?)
  on conflict (tenant, key) do update set used = excluded.used, expires_at = excluded.expires_at`
const clearSql = 'delete from countersign_attempts where tenant = ? and key = ?'

/** Counters of attempts. */
export function sqliteAttempts(database: Database, tenant: string): AttemptStore {
  const calls = keptCalls(tenant)

  function find(tx: Tx, key: string): { readonly used: number; readonly expiresAt: number } | undefined {
    const [row] = tx.rows(findSql, tenant, rowKey(key), tx.now)
    return row && { used: Number(row.used), expiresAt: Number(row.expires_at) }
  }

  return {
    async reserve({ key, limit, windowMs, ...call }) {
      requireDuration('windowMs', windowMs)
      if (!(Number.isInteger(limit) && limit > 0)) throw new TypeError(`limit must be a positive whole number, got ${limit}`)
      const callId = database.givenId(call)
      return database.write((tx): AttemptVerdict => {
        const made = calls.answer(tx, callId, ['attempts', key])
        if (typeof made === 'object') return made as AttemptVerdict
        const found = find(tx, key)
        const used = found?.used ?? 0
        if (found && used >= limit) return { ok: false, retryAfterMs: found.expiresAt - tx.now }
        tx.run(setSql, tenant, rowKey(key), used + 1, found?.expiresAt ?? tx.now + wholeMs(windowMs))
        const verdict = { ok: true, remaining: limit - used - 1 } as const
        calls.keep(tx, callId, ['attempts', key], verdict)
        return verdict
      })
    },
    used: (key) => database.read((tx) => find(tx, key)?.used ?? 0),
    async clear(key, call) {
      const callId = database.givenId(call)
      await database.write((tx) => {
        if (calls.answer(tx, callId, ['attempts', key]) === 'cleared') return
        tx.run(clearSql, tenant, rowKey(key))
        calls.keep(tx, callId, ['attempts', key], 'cleared')
      })
    },
  }
}
