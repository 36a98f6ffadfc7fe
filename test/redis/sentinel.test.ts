import { storeConformance } from '@countersign/testkit'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { natMapOf, type RedisSetup, redisBackend } from './redis-backend.js'
import { describeWithServers, type OwnServer, startSentinel } from './redis-servers.js'

describeWithServers('stores on Redis with a Sentinel, answered when the replica has them', () => {
  const nodes: OwnServer[] = []
  const started: Awaited<ReturnType<typeof startSentinel>>[] = []
  const sentinels: OwnServer[] = []
  const setup: RedisSetup = {
    nodes,
    get sentinel() {
      const [{ host, port } = { host: '', port: 0 }] = sentinels
      return { host, port }
    },
    connect: (via) =>
      new Redis({ sentinels: sentinels.map(({ host, port }) => ({ host, port })), name: 'main', natMap: natMapOf(nodes, via) }),
    connectNodes: () => nodes.slice(0, 1).map(({ host, port }) => new Redis({ host, port })),
    options: { durability: 'wait' },
    propertyRuns: 20,
  }
  const backend = redisBackend(setup)

  beforeAll(async () => {
    const group = await startSentinel()
    started.push(group)
    nodes.push(...group.servers)
    sentinels.push(group.sentinel)
  }, 60_000)
  afterAll(async () => {
    await backend.close()
    for (const group of started) await group.remove()
  })

  describe.each(storeConformance(backend))('$name', ({ cases }) => {
    it.each(cases)('$name', ({ run }) => run())
  })
})
