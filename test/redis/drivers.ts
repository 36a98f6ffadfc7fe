import type { RedisStoresOptions } from '@countersign/redis'
import type { OpenedStores } from '@countersign/testkit'
import { Cluster, Redis } from 'ioredis'
import { type NodeRedisPlace, openNodeRedis } from './node-redis-clients.js'
import { type Driver, storesOn } from './redis-backend.js'

/** The packages through which faults are tried. */
export const drivers: readonly Driver[] = ['ioredis', 'redis', 'redis5']

function connectIoredis({ nodes, sentinel }: NodeRedisPlace): Redis | Cluster {
  if (sentinel !== undefined) return new Redis({ sentinels: [{ host: sentinel.host, port: sentinel.port }], name: 'main' })
  if (nodes.length > 1) return new Cluster(nodes.map(({ host, port }) => ({ host, port })))
  return new Redis({ host: nodes[0]?.host ?? '127.0.0.1', port: nodes[0]?.port ?? 0, retryStrategy: () => 20 })
}

/** Stores on a client of their own, which ends with them. */
export function openStores(driver: Driver, place: NodeRedisPlace, options: RedisStoresOptions): OpenedStores {
  if (driver !== 'ioredis') return openNodeRedis(driver, place, options)
  return storesOn(connectIoredis(place), options)
}
