import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe } from 'vitest'
import { describeConformance } from './conformance-cases.js'
import { nodeRedisMajors, openNodeRedis } from './node-redis-clients.js'
import { type RedisSetup, redisBackend } from './redis-backend.js'
import { describeWithServers, type OwnServer, startSentinel } from './redis-servers.js'

describeWithServers('stores on Redis with a Sentinel through the package redis, answered when the replica has them', () => {
  const nodes: OwnServer[] = []
  const started: Awaited<ReturnType<typeof startSentinel>>[] = []
  const sentinel = { host: '127.0.0.1', port: 0 }

  beforeAll(async () => {
    const group = await startSentinel()
    started.push(group)
    nodes.push(...group.servers)
    sentinel.port = group.sentinel.port
  }, 60_000)
  afterAll(async () => {
    for (const group of started) await group.remove()
  })

  describe.each(nodeRedisMajors)('%s', (driver) => {
    const connect = (): Redis => new Redis({ host: '127.0.0.1', port: nodes[0]?.port ?? 0 })
    const setup: RedisSetup = {
      nodes,
      sentinel,
      connect,
      connectNodes: () => [connect()],
      other: { driver, open: (options, via) => openNodeRedis(driver, { nodes, sentinel, via }, options) },
      options: { durability: 'wait' },
      propertyRuns: 20,
    }
    const backend = redisBackend(setup)
    afterAll(() => backend.close())
    describeConformance(backend)
  })
})
