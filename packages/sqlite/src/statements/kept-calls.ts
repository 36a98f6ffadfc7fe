import { callsKeptMs, rowKey, Unavailable } from '@countersign/core'
import type { Tx } from '../driver/transaction.js'

/** Answers to calls whose id the caller gave, for a minute. An id that was drawn here cannot come again: no driver sends a statement twice. */
export interface KeptCalls {
  /** The result of the earlier call. */
  answer(tx: Tx, callId: string | undefined, record: readonly string[]): unknown
  /** Keeps an answer that JSON can hold. */
  keep(tx: Tx, callId: string | undefined, record: readonly string[], answer: unknown): void
}

/** In place of the answer of a call that was taken back. */
export const undone = 'undone'

/** A call that was taken back is not carried out again, and its answer does not hold any more. */
export function requireNotUndone(answer: unknown): void {
  if (answer === undone) throw new Unavailable('store_unavailable', { cause: new Error('this call was taken back') })
}

const findSql = 'select answer, expires_at from countersign_calls where tenant = ? and key = ?'
const keepSql = `insert into countersign_calls (tenant, key, answer, expires_at) values (?, ?, ?, ?)
  on conflict (tenant, key) do update set answer = excluded.answer, expires_at = excluded.expires_at`

export function keptCalls(tenant: string): KeptCalls {
  const keyOf = (callId: string, record: readonly string[]): Buffer => rowKey('call', callId, ...record)
  return {
    answer(tx, callId, record) {
      if (callId === undefined) return undefined
      const [row] = tx.rows(findSql, tenant, keyOf(callId, record))
      return row && Number(row.expires_at) > tx.now ? (JSON.parse(String(row.answer)) as unknown) : undefined
    },
    keep(tx, callId, record, answer) {
      if (callId === undefined) return
      tx.run(keepSql, tenant, keyOf(callId, record), JSON.stringify(answer), tx.now + callsKeptMs)
    },
  }
}
