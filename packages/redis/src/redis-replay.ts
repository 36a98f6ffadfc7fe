import { type ReplayStore, requireDuration } from '@countersign/core'
import { wholeMs } from './durations.js'
import type { RedisAccess } from './redis-access.js'

/** Ids that may be used once: `SET … PX … NX`, one round trip. */
export function redisReplay({ client, connection, keys }: RedisAccess): ReplayStore {
  return {
    async claim({ purpose, id, issuedAgoMs, keepForMs }) {
      requireDuration('keepForMs', keepForMs)
      if (!Number.isFinite(issuedAgoMs)) throw new TypeError('issuedAgoMs is a number of milliseconds')
      const issuedHere = performance.now() - issuedAgoMs
      const key = keys.of('c', purpose, id)
      return connection.change(key, async (memory) => {
        if (issuedHere < memory.trustedHere) return Number(await client.exists(key)) === 1 ? 'replayed' : 'unprovable'
        if ((await client.set(key, '1', 'PX', wholeMs(keepForMs), 'NX')) === null) return 'replayed'
        if (connection.isCurrent(memory)) return 'claimed'
        // The connection was lost meanwhile, and another one may have answered: one to a server that lost its memory.
        return issuedHere < (await connection.memory()).trustedHere ? 'unprovable' : 'claimed'
      })
    },
  }
}
