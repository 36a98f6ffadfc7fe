import { storeConformance } from '@countersign/testkit'
import { Cluster, Redis } from 'ioredis'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { natMapOf, type RedisSetup, redisBackend } from './redis-backend.js'
import { describeWithServers, type OwnServers, startCluster } from './redis-servers.js'

describeWithServers('stores on a Redis Cluster of three masters', () => {
  const nodes: OwnServers['servers'][number][] = []
  const started: OwnServers[] = []
  const setup: RedisSetup = {
    nodes,
    connect: (via) => new Cluster([...(via ?? nodes)], { natMap: natMapOf(nodes, via) }),
    connectNodes: () => nodes.map(({ host, port }) => new Redis({ host, port })),
    propertyRuns: 20,
  }
  const backend = redisBackend(setup)

  beforeAll(async () => {
    const cluster = await startCluster()
    started.push(cluster)
    nodes.push(...cluster.servers)
  }, 60_000)
  afterAll(async () => {
    await backend.close()
    for (const cluster of started) await cluster.remove()
  })

  describe.each(storeConformance(backend))('$name', ({ cases }) => {
    it.each(cases)('$name', ({ run }) => run())
  })
})
