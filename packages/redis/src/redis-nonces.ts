import { type NonceStore, type NonceVerdict, requireDuration } from '@countersign/core'
import { wholeMs } from './durations.js'
import type { RedisAccess } from './redis-access.js'

/** Nonces that were issued: one short string each. */
export function redisNonces({ client, run, connection, keys }: RedisAccess): NonceStore {
  return {
    async remember(jti, { clientId, keepForMs }) {
      requireDuration('keepForMs', keepForMs)
      const key = keys.of('n', jti)
      const value = `1${Buffer.byteLength(clientId)}:${clientId}`
      const answer = await connection.change(key, () => client.set(key, value, 'PX', wholeMs(keepForMs), 'NX'))
      if (answer === null) throw new Error('this nonce is remembered already')
    },
    async spend(jti, purpose, { clientId } = {}) {
      const key = keys.of('n', jti)
      return connection.change(key, async () => {
        const verdict = await run('spend', key, purpose, clientId === undefined ? '0' : '1', clientId ?? '')
        return verdict as NonceVerdict
      })
    },
  }
}
