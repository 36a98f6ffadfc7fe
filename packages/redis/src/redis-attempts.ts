import { type AttemptStore, requireDuration } from '@countersign/core'
import { wholeMs } from './durations.js'
import type { RedisAccess } from './redis-access.js'

/** Counters of attempts. */
export function redisAttempts({ client, run, connection, keys }: RedisAccess): AttemptStore {
  return {
    async reserve({ key: name, limit, windowMs }) {
      requireDuration('windowMs', windowMs)
      if (!(Number.isSafeInteger(limit) && limit > 0)) throw new TypeError('limit is a positive whole number')
      const key = keys.of('a', name)
      const answer = await connection.change(key, () => run('reserve', key, limit, wholeMs(windowMs)))
      const [ok, figure] = (answer as readonly [unknown, unknown]).map(Number) as [number, number]
      return ok === 1 ? { ok: true, remaining: figure } : { ok: false, retryAfterMs: Math.max(1, figure) }
    },
    async used(name) {
      return Number((await connection.read(() => client.get(keys.of('a', name)))) ?? 0)
    },
    async clear(name) {
      const key = keys.of('a', name)
      await connection.change(key, () => client.del(key))
    },
  }
}
