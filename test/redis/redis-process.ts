import type { Stores } from '@countersign/core'
import { redisStores } from '@countersign/redis'
import { serveStores } from '@countersign/testkit'
import { Cluster, Redis } from 'ioredis'
import { openNodeRedis } from './node-redis-clients.js'
import type { ProcessSetup } from './redis-backend.js'

const { nodes, sentinel, prefix, driver } = JSON.parse(process.argv[2] ?? '') as ProcessSetup

function connect(): Redis | Cluster {
  if (sentinel !== undefined) return new Redis({ sentinels: [sentinel], name: 'main' })
  return nodes.length > 1 ? new Cluster([...nodes]) : new Redis({ ...nodes[0] })
}

const open = (): Stores =>
  driver === 'ioredis' ? redisStores(connect(), { prefix }) : openNodeRedis(driver, { nodes, sentinel }, { prefix }).stores

const stores = open()
// a busy machine may take longer than one call to connect
for (let tries = 0; tries < 20 && !(await stores.ready()).ok; tries += 1) await new Promise((resolve) => setTimeout(resolve, 50))
serveStores(stores)
