import { type ChallengeStore, requireDuration } from '@countersign/core'
import { wholeMs } from './durations.js'
import type { RedisAccess } from './redis-access.js'

function recordIn(value: unknown): string {
  if (typeof value !== 'string' || !value.startsWith('1')) throw new Error('a record of a format that this release does not know')
  return value.slice(1)
}

/** Records that are taken once: `GETDEL`. */
export function redisChallenges({ client, run, connection, keys }: RedisAccess): ChallengeStore {
  return {
    async put(id, record, keepForMs) {
      requireDuration('keepForMs', keepForMs)
      const key = keys.of('x', id)
      await connection.change(key, () => client.set(key, `1${record}`, 'PX', wholeMs(keepForMs)))
    },
    async keep(id, record, keepForMs) {
      requireDuration('keepForMs', keepForMs)
      const key = keys.of('x', id)
      return connection.change(key, async () => recordIn(await run('keepRecord', key, `1${record}`, wholeMs(keepForMs))))
    },
    async read(id) {
      const value = await connection.read(() => client.get(keys.of('x', id)))
      return value === null ? null : recordIn(value)
    },
    async take(id) {
      const key = keys.of('x', id)
      return connection.change(key, async () => {
        const value = await client.getdel(key)
        return value === null ? null : recordIn(value)
      })
    },
  }
}
