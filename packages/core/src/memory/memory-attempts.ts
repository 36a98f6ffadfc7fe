import type { AttemptStore } from '../attempt-store.js'
import type { Now } from '../clock.js'
import { requireDuration } from '../stores.js'
import { createExpiringMap } from './expiring-map.js'

/** Counters of attempts. */
export function memoryAttempts(now: Now): AttemptStore {
  const counters = createExpiringMap<number>(now)
  return {
    async reserve({ key, limit, windowMs }) {
      requireDuration('windowMs', windowMs)
      if (!(Number.isInteger(limit) && limit > 0)) throw new TypeError('limit is a positive whole number')
      const used = counters.get(key)
      if (used !== undefined && used >= limit) return { ok: false, retryAfterMs: Math.max(1, counters.remainingMs(key)) }
      if (used === undefined) counters.set(key, 1, windowMs)
      else counters.replace(key, used + 1)
      return { ok: true, remaining: limit - (used ?? 0) - 1 }
    },
    async used(key) {
      return counters.get(key) ?? 0
    },
    async clear(key) {
      counters.delete(key)
    },
  }
}
