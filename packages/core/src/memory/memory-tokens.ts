import { callsKept, callsKeptMs, createCallIds } from '../call.js'
import type { ChallengeStore } from '../challenge-store.js'
import type { Now } from '../clock.js'
import { requireDuration, requireIssuedAgo } from '../durations.js'
import { lengthPrefixed } from '../length-prefixed.js'
import type { NonceStore } from '../nonce-store.js'
import type { ReplayStore } from '../replay-store.js'
import { createExpiringMap } from './expiring-map.js'
import { givenCalls } from './given-calls.js'
import { callTakenBack } from './kept-calls.js'

/** Joins parts so that no two lists of parts have one key. */

/** Something that is used once, by the call of that id, and the calls that used it and were taken back, the newest first. */
interface UsedOnce {
  readonly by: string | undefined
  readonly undone: readonly string[]
}

/**
 * Whether somebody used it, this call included.
 *
 * @throws Unavailable if this call did and was taken back: then it is not carried out again, and its answer does not hold any more
 */
function isUsed(used: UsedOnce | undefined, callId: string): boolean {
  if (used?.undone.includes(callId)) throw callTakenBack()
  return used?.by !== undefined
}

function usedBy(used: UsedOnce | undefined, callId: string): UsedOnce {
  return { by: callId, undone: used?.undone ?? [] }
}

function unused({ by, undone }: UsedOnce): UsedOnce {
  return { by: undefined, undone: by === undefined ? undone : [by, ...undone].slice(0, callsKept - 1) }
}

/** Ids that may be used once. */
export function memoryReplay(now: Now): ReplayStore {
  const ids = createExpiringMap<UsedOnce>(now)
  const callIdOf = createCallIds()
  const retainedSince = now()
  return {
    async claim({ purpose, id, issuedAgoMs, ttlMs, ...call }) {
      requireDuration('ttlMs', ttlMs)
      requireIssuedAgo(issuedAgoMs)
      const [key, callId] = [lengthPrefixed(purpose, id), callIdOf(call)]
      const used = ids.get(key)
      if (isUsed(used, callId)) return used?.by === callId ? 'claimed' : 'replayed'
      if (now() - issuedAgoMs < retainedSince) return 'unprovable'
      ids.set(key, usedBy(used, callId), ttlMs)
      return 'claimed'
    },
    async undo({ purpose, id }, callId) {
      const key = lengthPrefixed(purpose, id)
      const used = ids.get(key)
      if (used?.by === callIdOf({ callId })) ids.set(key, unused(used), callsKeptMs)
      return used?.by === callId || used?.undone.includes(callId) === true
    },
  }
}

/** Nonces that were issued. */
export function memoryNonces(now: Now): NonceStore {
  const nonces = createExpiringMap<{ readonly clientId: string; readonly by: string; readonly uses: Map<string, UsedOnce> }>(now)
  const callIdOf = createCallIds()
  return {
    async remember(jti, { clientId, ttlMs, ...call }) {
      requireDuration('ttlMs', ttlMs)
      const [callId, remembered] = [callIdOf(call), nonces.get(jti)]
      if (remembered?.by === callId) return
      if (remembered) throw new Error('this nonce is remembered already')
      nonces.set(jti, { clientId, by: callId, uses: new Map() }, ttlMs)
    },
    async spend(jti, purpose, { clientId, ...call } = {}) {
      const [callId, nonce] = [callIdOf(call), nonces.get(jti)]
      if (nonce === undefined) return 'unknown'
      if (clientId !== undefined && clientId !== nonce.clientId) return 'mismatch'
      const used = nonce.uses.get(purpose)
      if (isUsed(used, callId)) return used?.by === callId ? 'spent' : 'replayed'
      nonce.uses.set(purpose, usedBy(used, callId))
      return 'spent'
    },
    async undo(jti, callId) {
      callIdOf({ callId })
      const uses = nonces.get(jti)?.uses ?? new Map<string, UsedOnce>()
      for (const [purpose, used] of uses) {
        if (used.by === callId) uses.set(purpose, unused(used))
        if (used.by === callId || used.undone.includes(callId)) return true
      }
      return false
    },
  }
}

/** The result of a call that kept a record, or took it. */
interface Put {
  readonly record: string
}
interface Taken extends Put {
  /** When the record ends that was taken. */
  readonly endsAt: number
  readonly undone: boolean
}

/** Records that are taken once. */
export function memoryChallenges(now: Now): ChallengeStore {
  const records = createExpiringMap<string>(now)
  const calls = givenCalls<Put | Taken>(now)
  return {
    async put(id, record, ttlMs, call) {
      requireDuration('ttlMs', ttlMs)
      if (calls.made(id, call)) return
      records.set(id, record, ttlMs)
      calls.keep(id, call, { record })
    },
    async keep(id, record, ttlMs, call) {
      requireDuration('ttlMs', ttlMs)
      const made = calls.made(id, call)
      if (made) return made.record
      const kept = records.get(id)
      if (kept === undefined) records.set(id, record, ttlMs)
      return calls.keep(id, call, { record: kept ?? record }).record
    },
    read: async (id) => records.get(id) ?? null,
    async take(id, call) {
      const made = calls.made(id, call)
      if (made && 'undone' in made && made.undone) throw callTakenBack()
      if (made) return made.record
      const record = records.get(id)
      if (record === undefined) return null
      calls.keep(id, call, { record, endsAt: now() + records.remainingMs(id), undone: false })
      records.delete(id)
      return record
    },
    async undo(id, callId) {
      const made = calls.made(id, { callId })
      if (!made || !('undone' in made)) return false
      if (made.undone) return true
      if (records.get(id) !== undefined) return false
      if (made.endsAt > now()) records.set(id, made.record, made.endsAt - now())
      calls.keep(id, { callId }, { ...made, undone: true })
      return true
    },
  }
}
