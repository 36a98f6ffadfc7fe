import { type NonceStore, requireDuration, rowKey } from '@countersign/core'
import type { Database } from './connection/database.js'
import { bytesOf, textOf } from './driver/driver.js'
import type { Tx } from './driver/transaction.js'
import { keptCalls, requireNotUndone, undone } from './statements/kept-calls.js'
import { memoryOf, sinceMs } from './statements/memory.js'
import { wholeMs } from './statements/row-key.js'

/** A purpose, and the call that spent the nonce for it where its id is known. */
type Use = readonly [purpose: string, callId: string | null]

interface Nonce {
  readonly client: string
  readonly call: string | null
  readonly uses: readonly Use[]
}

const findSql = 'select client, call, uses, written_at from countersign_nonces where tenant = ? and key = ? and expires_at > ?'
const rememberSql = `insert into countersign_nonces (tenant, key, client, call, uses, written_at, expires_at) values (?, ?, ?, ?, '[]', ?, ?)
  on conflict (tenant, key) do update set client = excluded.client, call = excluded.call, uses = excluded.uses,
    written_at = excluded.written_at, expires_at = excluded.expires_at`
const useSql = 'update countersign_nonces set uses = ? where tenant = ? and key = ?'

/** One-time tokens that were issued. */
export function sqliteNonces(database: Database, tenant: string): NonceStore {
  const calls = keptCalls(tenant)

  /** One from before the memory may have been spent in what was lost: it is unknown. */
  function find(tx: Tx, key: Buffer): Nonce | undefined {
    const [row] = tx.rows(findSql, tenant, key, tx.now)
    if (row === undefined || Number(row.written_at) < sinceMs(memoryOf(tx, tenant))) return undefined
    return { client: textOf(row.client), call: row.call as string | null, uses: JSON.parse(String(row.uses)) as Use[] }
  }

  const setUses = (tx: Tx, key: Buffer, uses: readonly Use[]): unknown => tx.run(useSql, JSON.stringify(uses), tenant, key)

  return {
    async remember(jti, { clientId, ttlMs, ...call }) {
      requireDuration('ttlMs', ttlMs)
      const [key, client, callId] = [rowKey(jti), bytesOf(clientId), database.givenId(call)]
      const remembered = await database.write((tx) => {
        const nonce = find(tx, key)
        if (nonce) return nonce.call !== null && nonce.call === callId
        memoryOf(tx, tenant)
        tx.run(rememberSql, tenant, key, client, callId ?? null, tx.now, tx.now + wholeMs(ttlMs))
        return true
      })
      if (!remembered) throw new Error('this nonce is remembered already')
    },
    async spend(jti, purpose, { clientId, ...call } = {}) {
      const [key, callId] = [rowKey(jti), database.givenId(call)]
      return database.write((tx) => {
        const nonce = find(tx, key)
        if (nonce === undefined) return 'unknown'
        if (clientId !== undefined && clientId !== nonce.client) return 'mismatch'
        requireNotUndone(calls.answer(tx, callId, ['nonces', jti]))
        const use = nonce.uses.find(([spent]) => spent === purpose)
        if (use) return use[1] !== null && use[1] === callId ? 'spent' : 'replayed'
        setUses(tx, key, [...nonce.uses, [purpose, callId ?? null]])
        return 'spent'
      })
    },
    async undo(jti, given) {
      const [key, callId] = [rowKey(jti), database.callIdOf({ callId: given })]
      return database.write((tx) => {
        const nonce = find(tx, key)
        if (nonce === undefined) return false
        if (!nonce.uses.some(([, by]) => by === callId)) return calls.answer(tx, callId, ['nonces', jti]) === undone
        setUses(
          tx,
          key,
          nonce.uses.filter(([, by]) => by !== callId),
        )
        calls.keep(tx, callId, ['nonces', jti], undone)
        return true
      })
    },
  }
}
