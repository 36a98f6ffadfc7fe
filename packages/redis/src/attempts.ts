import { type AttemptStore, requireDuration, requireLimit } from '@countersign/core'
import { changeKept, type RedisAccess } from './connection/access.js'
import { wholeMs } from './connection/durations.js'

/** Counters of attempts. */
export function redisAttempts(access: RedisAccess): AttemptStore {
  const { reads, keys } = access
  return {
    async reserve({ key: name, limit, windowMs, ...call }) {
      requireDuration('windowMs', windowMs)
      requireLimit(limit)
      const answer = await changeKept(access, { key: keys.of('a', name), call }, 'reserve', limit, wholeMs(windowMs))
      const [ok, figure] = (answer as readonly [unknown, unknown]).map(Number) as [number, number]
      return ok === 1 ? { ok: true, remaining: figure } : { ok: false, retryAfterMs: Math.max(1, figure) }
    },
    async used(name) {
      return Number((await reads.read(() => reads.client.get(keys.of('a', name)))) ?? 0)
    },
    async clear(name, call) {
      await changeKept(access, { key: keys.of('a', name), call }, 'clearAttempts')
    },
  }
}
