import { type NonceStore, type NonceVerdict, requireDuration } from '@countersign/core'
import { wholeMs } from './durations.js'
import type { RedisClient } from './redis-client.js'
import type { RedisConnection } from './redis-connection.js'
import type { RunScript } from './scripts.js'
import type { StoreKeys } from './store-keys.js'

/** Nonces that were issued: one short string each. */
export function redisNonces(client: RedisClient, run: RunScript, connection: RedisConnection, keys: StoreKeys): NonceStore {
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
