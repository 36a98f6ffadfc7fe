import type { AttemptStore, AttemptVerdict } from '../attempt-store.js'
import type { Now } from '../clock.js'
import { requireDuration, requireLimit } from '../durations.js'
import { createExpiringMap } from './expiring-map.js'
import { givenCalls } from './given-calls.js'

/** Counters of attempts. */
export function memoryAttempts(now: Now): AttemptStore {
  const counters = createExpiringMap<number>(now)
  const calls = givenCalls<AttemptVerdict | 'cleared'>(now)
  return {
    async reserve({ key, limit, windowMs, ...call }) {
      requireDuration('windowMs', windowMs)
      requireLimit(limit)
      const made = calls.made(key, call)
      if (typeof made === 'object') return made
      const used = counters.get(key)
      if (used !== undefined && used >= limit) return { ok: false, retryAfterMs: Math.max(1, counters.remainingMs(key)) }
      if (used === undefined) counters.set(key, 1, windowMs)
      else counters.replace(key, used + 1)
      return calls.keep(key, call, { ok: true, remaining: limit - (used ?? 0) - 1 })
    },
    async used(key) {
      return counters.get(key) ?? 0
    },
    async clear(key, call) {
      if (calls.made(key, call) === 'cleared') return
      counters.delete(key)
      calls.keep(key, call, 'cleared')
    },
  }
}
