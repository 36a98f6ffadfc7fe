import { type RefreshFamilyStore, type Rotation, type RotationRequest, requireDuration, rowKey } from '@countersign/core'
import type { Database } from './connection/database.js'
import { bytesOf, textOf } from './driver/driver.js'
import type { Tx } from './driver/transaction.js'
import { keptCalls, requireNotUndone, undone } from './statements/kept-calls.js'
import { wholeMs } from './statements/row-key.js'

/** How a family was before a rotation, to be put back. */
interface Before {
  readonly generation: number
  readonly rotatedAt: number | null
  readonly expiresAt: number
}

/** The newest call of a family; only that one can be taken back. */
type LastCall = { readonly id: string; readonly before: Before | 'nothing' } | null

interface Family extends Before {
  readonly binding: string
  readonly data: string
  readonly revoked: string | undefined
  readonly lastCall: LastCall
}

const findSql = `select binding, data, generation, rotated_at, revoked, last_call, expires_at from countersign_families
  where tenant = ? and key = ? and expires_at > ?`
const putSql = `insert into countersign_families (tenant, key, binding, data, generation, rotated_at, revoked, last_call, expires_at)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?)
  on conflict (tenant, key) do update set binding = excluded.binding, data = excluded.data, generation = excluded.generation,
    rotated_at = excluded.rotated_at, revoked = excluded.revoked, last_call = excluded.last_call, expires_at = excluded.expires_at`
const removeSql = 'delete from countersign_families where tenant = ? and key = ?'

function findFamily(tx: Tx, tenant: string, family: string): Family | undefined {
  const [row] = tx.rows(findSql, tenant, rowKey(family), tx.now)
  return (
    row && {
      binding: textOf(row.binding),
      data: textOf(row.data),
      generation: Number(row.generation),
      rotatedAt: row.rotated_at === null ? null : Number(row.rotated_at),
      revoked: row.revoked === null ? undefined : textOf(row.revoked),
      lastCall: typeof row.last_call === 'string' ? (JSON.parse(row.last_call) as LastCall) : null,
      expiresAt: Number(row.expires_at),
    }
  )
}

function putFamily(tx: Tx, tenant: string, id: string, family: Family): void {
  const { binding, data, generation, rotatedAt, revoked, lastCall, expiresAt } = family
  const texts = [bytesOf(binding), bytesOf(data)]
  const end = revoked === undefined ? null : bytesOf(revoked)
  tx.run(putSql, tenant, rowKey(id), ...texts, generation, rotatedAt, end, lastCall && JSON.stringify(lastCall), expiresAt)
}

/** What a rotation comes to, and the family after it where that changes. */
function rotated(family: Family, request: RotationRequest, now: number): { readonly answer: Rotation; readonly next?: Family } {
  if (family.revoked !== undefined) return { answer: { outcome: 'revoked', reason: family.revoked } }
  if (family.binding !== request.binding) return { answer: { outcome: 'mismatch' } }
  const { data, rotatedAt } = family
  const { generation, retryWindowMs, ttlMs } = request
  if (generation > family.generation && !request.heal) return { answer: { outcome: 'ahead' } }
  if (generation >= family.generation) {
    const expiresAt = ttlMs === undefined ? family.expiresAt : now + wholeMs(ttlMs)
    const next = { ...family, generation: generation + 1, rotatedAt: now, expiresAt }
    return { answer: { outcome: 'rotated', generation: next.generation, data }, next }
  }
  // measured from the first rotation and never extended; presenting the child made it the newest but one
  if (generation === family.generation - 1 && rotatedAt !== null && now - rotatedAt < retryWindowMs)
    return { answer: { outcome: 'retry', generation: family.generation, data }, next: family }
  return { answer: { outcome: 'reused' }, next: { ...family, revoked: 'reused' } }
}

function checkRequest({ generation, retryWindowMs, ttlMs }: RotationRequest): void {
  if (!(Number.isSafeInteger(generation) && generation >= 0)) throw new TypeError(`generation must be a whole number, got ${generation}`)
  if (!(Number.isFinite(retryWindowMs) && retryWindowMs >= 0))
    throw new TypeError(`retryWindowMs must be a number of milliseconds, 0 or more, got ${retryWindowMs}`)
  if (ttlMs !== undefined) requireDuration('ttlMs', ttlMs)
}

function lastCallOf(callId: string | undefined, { answer }: { readonly answer: Rotation }, family: Family): LastCall {
  if (callId === undefined || answer.outcome !== 'rotated') return null
  const { generation, rotatedAt, expiresAt } = family
  return { id: callId, before: { generation, rotatedAt, expiresAt } }
}

/** Families of refresh tokens. */
export function sqliteFamilies(database: Database, tenant: string): RefreshFamilyStore {
  const calls = keptCalls(tenant)
  const recordOf = (family: string): readonly string[] => ['families', family]

  function answerOf(tx: Tx, callId: string | undefined, family: string): unknown {
    const made = calls.answer(tx, callId, recordOf(family))
    requireNotUndone(made)
    return made
  }

  function rotate(tx: Tx, request: RotationRequest, callId: string | undefined): Rotation {
    const made = answerOf(tx, callId, request.family)
    if (typeof made === 'object') return made as Rotation
    const family = findFamily(tx, tenant, request.family)
    if (family === undefined) return { outcome: 'gone' }
    const result = rotated(family, request, tx.now)
    if (result.next === undefined) return result.answer
    putFamily(tx, tenant, request.family, { ...result.next, lastCall: lastCallOf(callId, result, family) })
    calls.keep(tx, callId, recordOf(request.family), result.answer)
    return result.answer
  }

  function undo(tx: Tx, id: string, callId: string): boolean {
    if (calls.answer(tx, callId, recordOf(id)) === undone) return true
    const family = findFamily(tx, tenant, id)
    if (family?.lastCall?.id !== callId) return false
    const { before } = family.lastCall
    if (before === 'nothing') tx.run(removeSql, tenant, rowKey(id))
    else putFamily(tx, tenant, id, { ...family, ...before, lastCall: null })
    calls.keep(tx, callId, recordOf(id), undone)
    return true
  }

  return {
    async create({ family, binding, data, ttlMs, ...call }) {
      requireDuration('ttlMs', ttlMs)
      const callId = database.givenId(call)
      const created = await database.write((tx) => {
        if (answerOf(tx, callId, family) === 'created') return true
        if (findFamily(tx, tenant, family)) return false
        const lastCall = callId === undefined ? null : ({ id: callId, before: 'nothing' } as const)
        const begun = { binding, data, generation: 0, rotatedAt: null, revoked: undefined, lastCall }
        putFamily(tx, tenant, family, { ...begun, expiresAt: tx.now + wholeMs(ttlMs) })
        calls.keep(tx, callId, recordOf(family), 'created')
        return true
      })
      if (!created) throw new Error('this family exists already')
    },
    async rotate(request) {
      checkRequest(request)
      const callId = database.givenId(request)
      return database.write((tx) => rotate(tx, request, callId))
    },
    async revoke(id, reason, call) {
      const callId = database.givenId(call)
      return database.write((tx) => {
        if (answerOf(tx, callId, id) === 'ended') return true
        const family = findFamily(tx, tenant, id)
        if (family === undefined || family.revoked !== undefined) return false
        putFamily(tx, tenant, id, { ...family, revoked: reason, lastCall: null })
        calls.keep(tx, callId, recordOf(id), 'ended')
        return true
      })
    },
    async undo(id, given) {
      const callId = database.callIdOf({ callId: given })
      return database.write((tx) => undo(tx, id, callId))
    },
    async find(id) {
      const family = await database.read((tx) => findFamily(tx, tenant, id))
      return family && { binding: family.binding, data: family.data, generation: family.generation, revoked: family.revoked }
    },
  }
}
