import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe } from 'vitest'
import { describeConformance } from './conformance-cases.js'
import { nodeRedisMajors, openNodeRedis } from './node-redis-clients.js'
import { type RedisSetup, redisBackend } from './redis-backend.js'
import { describeWithServers, type OwnServers, startCluster } from './redis-servers.js'

describeWithServers('stores on a Redis Cluster of three masters, through the package redis', () => {
  const nodes: OwnServers['servers'][number][] = []
  const started: OwnServers[] = []

  beforeAll(async () => {
    const cluster = await startCluster()
    started.push(cluster)
    nodes.push(...cluster.servers)
  }, 60_000)
  afterAll(async () => {
    for (const cluster of started) await cluster.remove()
  })

  describe.each(nodeRedisMajors)('%s', (driver) => {
    const connect = ({ host, port }: { readonly host: string; readonly port: number }): Redis => new Redis({ host, port })
    const setup: RedisSetup = {
      nodes,
      connect: () => connect(nodes[0] ?? { host: '127.0.0.1', port: 0 }),
      connectNodes: () => nodes.map(connect),
      other: { driver, open: (options, via) => openNodeRedis(driver, { nodes, via }, options) },
      propertyRuns: 20,
    }
    const backend = redisBackend(setup)
    afterAll(() => backend.close())
    describeConformance(backend)
  })
})
