import { type ChallengeStore, requireDuration, rowKey } from '@countersign/core'
import type { Database } from './connection/database.js'
import { bytesOf, textOf } from './driver/driver.js'
import type { Tx } from './driver/transaction.js'
import { keptCalls, requireNotUndone, undone } from './statements/kept-calls.js'
import { type Memory, memoryOf, readWithMemory, sinceMs } from './statements/memory.js'
import { wholeMs } from './statements/row-key.js'

interface Challenge {
  readonly record: string
  readonly writtenAt: number
  readonly expiresAt: number
}

/** The result of a call. One that took a record keeps it with its times, to be taken back. */
type Answer = { readonly put: true } | { readonly kept: string } | { readonly taken: Challenge } | typeof undone

const findSql = 'select record, written_at, expires_at from countersign_challenges where tenant = ? and key = ? and expires_at > ?'
const putSql = `insert into countersign_challenges (tenant, key, record, written_at, expires_at) values (?, ?, ?, ?, ?)
  on conflict (tenant, key) do update set record = excluded.record, written_at = excluded.written_at, expires_at = excluded.expires_at`
const removeSql = 'delete from countersign_challenges where tenant = ? and key = ?'

/** Records that are taken once. */
export function sqliteChallenges(database: Database, tenant: string): ChallengeStore {
  const calls = keptCalls(tenant)
  const answerOf = (tx: Tx, callId: string | undefined, id: string): Answer | undefined =>
    calls.answer(tx, callId, ['challenges', id]) as Answer | undefined
  const keepAnswer = (tx: Tx, callId: string | undefined, id: string, answer: Answer): void =>
    calls.keep(tx, callId, ['challenges', id], answer)

  /** One from before the memory may have been taken in what was lost: it counts as absent. */
  function find(tx: Tx, key: Buffer, memory: Memory): Challenge | undefined {
    const [row] = tx.rows(findSql, tenant, key, tx.now)
    if (row === undefined || Number(row.written_at) < sinceMs(memory)) return undefined
    return { record: textOf(row.record), writtenAt: Number(row.written_at), expiresAt: Number(row.expires_at) }
  }

  const put = (tx: Tx, key: Buffer, { record, writtenAt, expiresAt }: Challenge): unknown =>
    tx.run(putSql, tenant, key, bytesOf(record), writtenAt, expiresAt)
  const begun = (tx: Tx, record: string, ttlMs: number): Challenge => ({
    record,
    writtenAt: tx.now,
    expiresAt: tx.now + wholeMs(ttlMs),
  })

  return {
    async put(id, record, ttlMs, call) {
      requireDuration('ttlMs', ttlMs)
      const callId = database.givenId(call)
      await database.write((tx) => {
        if (answerOf(tx, callId, id)) return
        memoryOf(tx, tenant)
        put(tx, rowKey(id), begun(tx, record, ttlMs))
        keepAnswer(tx, callId, id, { put: true })
      })
    },
    async keep(id, record, ttlMs, call) {
      requireDuration('ttlMs', ttlMs)
      const callId = database.givenId(call)
      return database.write((tx) => {
        const made = answerOf(tx, callId, id)
        if (made && made !== undone && 'kept' in made) return made.kept
        const found = find(tx, rowKey(id), memoryOf(tx, tenant))
        const kept = found?.record ?? record
        if (found === undefined) put(tx, rowKey(id), begun(tx, record, ttlMs))
        keepAnswer(tx, callId, id, { kept })
        return kept
      })
    },
    read: (id) => readWithMemory(database, tenant, (tx, memory) => find(tx, rowKey(id), memory)?.record ?? null),
    async take(id, call) {
      const callId = database.givenId(call)
      return database.write((tx) => {
        const made = answerOf(tx, callId, id)
        requireNotUndone(made)
        if (made && made !== undone && 'taken' in made) return made.taken.record
        const taken = find(tx, rowKey(id), memoryOf(tx, tenant))
        if (taken === undefined) return null
        tx.run(removeSql, tenant, rowKey(id))
        keepAnswer(tx, callId, id, { taken })
        return taken.record
      })
    },
    async undo(id, given) {
      const callId = database.callIdOf({ callId: given })
      return database.write((tx) => {
        const made = answerOf(tx, callId, id)
        if (made === undone) return true
        if (made === undefined || !('taken' in made) || find(tx, rowKey(id), memoryOf(tx, tenant))) return false
        if (made.taken.expiresAt > tx.now) put(tx, rowKey(id), made.taken)
        keepAnswer(tx, callId, id, undone)
        return true
      })
    },
  }
}
