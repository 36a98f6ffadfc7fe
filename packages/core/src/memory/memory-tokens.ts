import type { ChallengeStore } from '../challenge-store.js'
import type { Now } from '../clock.js'
import type { NonceStore } from '../nonce-store.js'
import type { ReplayStore } from '../replay-store.js'
import { requireDuration } from '../stores.js'
import { createExpiringMap } from './expiring-map.js'

/** Joins parts so that no two lists of parts have one key. */
const keyOf = (...parts: readonly string[]): string => parts.map((part) => `${part.length}:${part}`).join('')

/** Ids that may be used once. */
export function memoryReplay(now: Now): ReplayStore {
  const claimed = createExpiringMap<true>(now)
  const memorySince = now()
  return {
    async claim({ purpose, id, issuedAgoMs, keepForMs }) {
      requireDuration('keepForMs', keepForMs)
      if (!Number.isFinite(issuedAgoMs)) throw new TypeError('issuedAgoMs is a number of milliseconds')
      const key = keyOf(purpose, id)
      if (claimed.get(key)) return 'replayed'
      if (now() - issuedAgoMs < memorySince) return 'unprovable'
      claimed.set(key, true, keepForMs)
      return 'claimed'
    },
  }
}

/** Nonces that were issued. */
export function memoryNonces(now: Now): NonceStore {
  const nonces = createExpiringMap<{ readonly clientId: string; readonly spentFor: Set<string> }>(now)
  return {
    async remember(jti, { clientId, keepForMs }) {
      requireDuration('keepForMs', keepForMs)
      if (nonces.get(jti)) throw new Error('this nonce is remembered already')
      nonces.set(jti, { clientId, spentFor: new Set() }, keepForMs)
    },
    async spend(jti, purpose, { clientId } = {}) {
      const nonce = nonces.get(jti)
      if (nonce === undefined) return 'unknown'
      if (clientId !== undefined && clientId !== nonce.clientId) return 'mismatch'
      if (nonce.spentFor.has(purpose)) return 'replayed'
      nonce.spentFor.add(purpose)
      return 'spent'
    },
  }
}

/** Records that are taken once. */
export function memoryChallenges(now: Now): ChallengeStore {
  const records = createExpiringMap<string>(now)
  return {
    async put(id, record, keepForMs) {
      records.set(id, record, requireDuration('keepForMs', keepForMs))
    },
    async keep(id, record, keepForMs) {
      requireDuration('keepForMs', keepForMs)
      const kept = records.get(id)
      if (kept === undefined) records.set(id, record, keepForMs)
      return kept ?? record
    },
    read: async (id) => records.get(id) ?? null,
    async take(id) {
      const record = records.get(id)
      records.delete(id)
      return record ?? null
    },
  }
}
