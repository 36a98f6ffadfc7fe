import { redisStores } from '@countersign/redis'
import { serveStores } from '@countersign/testkit'
import { Cluster, Redis } from 'ioredis'
import type { ProcessSetup } from './redis-backend.js'

const { nodes, prefix } = JSON.parse(process.argv[2] ?? '') as ProcessSetup
const [first] = nodes
const client = nodes.length > 1 ? new Cluster([...nodes]) : new Redis({ ...first })
const stores = redisStores(client, { prefix })
await stores.ready()
serveStores(stores)
