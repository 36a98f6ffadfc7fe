import { type RedisClient, redisStores } from '@countersign/redis'
import { serveStores } from '@countersign/testkit'
import { Cluster, Redis } from 'ioredis'
import type { ProcessSetup } from './redis-backend.js'

const { nodes, sentinel, prefix } = JSON.parse(process.argv[2] ?? '') as ProcessSetup

function connect(): RedisClient {
  if (sentinel !== undefined) return new Redis({ sentinels: [sentinel], name: 'main' })
  return nodes.length > 1 ? new Cluster([...nodes]) : new Redis({ ...nodes[0] })
}

const client = connect()
const stores = redisStores(client, { prefix })
await stores.ready()
serveStores(stores)
