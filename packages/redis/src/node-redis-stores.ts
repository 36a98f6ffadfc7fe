import type { Stores } from '@countersign/core'
import { joinHostClient } from './node-redis/host-client.js'
import { type NodeRedisClient, requireNodeRedis } from './node-redis/node-redis-client.js'
import { checkRedisOptions, openRedisStores, type RedisStoresOptions } from './redis-stores.js'

/**
 * All stores on Redis 6.2 or later (or Valkey), with the package `redis`, 5 or 6: `createClient`, `createSentinel` or `createCluster`.
 *
 * Nothing is sent over the client itself. Its duplicates are ours: one for reads and changes, one for subscriptions to revocations, and one more with
 * `durability: 'wait'`; in a Cluster one of each to each master. They end with the last stores on the client, or with the client.
 *
 * @param client - the host's own client; connect it, for nothing is connected before it is
 * @throws TypeError for an option that is not one, or a client of another kind
 */
export function nodeRedisStores(client: NodeRedisClient, options: RedisStoresOptions): Stores {
  checkRedisOptions('nodeRedisStores', options)
  requireNodeRedis('nodeRedisStores', client)
  const host = joinHostClient(client)
  try {
    const stores = openRedisStores(host.client, options, { factory: 'nodeRedisStores', whenReadOnly: host.replace })
    const close = async (): Promise<void> => {
      await stores.close()
      host.leave()
    }
    return { ...stores, close, [Symbol.asyncDispose]: close }
  } catch (error) {
    host.leave()
    throw error
  }
}
