import { type ChallengeStore, requireDuration } from '@countersign/core'
import { wholeMs } from './durations.js'
import type { RedisAccess } from './redis-access.js'

/** Records that are taken once: `GETDEL`. */
export function redisChallenges({ client, connection, keys }: RedisAccess): ChallengeStore {
  return {
    async put(id, record, keepForMs) {
      requireDuration('keepForMs', keepForMs)
      const key = keys.of('x', id)
      await connection.change(key, () => client.set(key, `1${record}`, 'PX', wholeMs(keepForMs)))
    },
    async take(id) {
      const key = keys.of('x', id)
      return connection.change(key, async () => {
        const value = await client.getdel(key)
        if (value !== null && !value.startsWith('1')) throw new Error('a record of a format that this release does not know')
        return value === null ? null : value.slice(1)
      })
    },
  }
}
