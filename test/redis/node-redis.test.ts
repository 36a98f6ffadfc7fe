import { Redis } from 'ioredis'
import { afterAll, describe } from 'vitest'
import { describeWith } from '../services.js'
import { describeConformance } from './conformance-cases.js'
import { nodeRedisMajors, openNodeRedis } from './node-redis-clients.js'
import { addressOf, redisBackend } from './redis-backend.js'

describeWith('redis', 'stores on one Redis server, through the package redis', (url) => {
  const server = addressOf(url)
  describe.each(nodeRedisMajors)('%s', (driver) => {
    const backend = redisBackend({
      nodes: [server],
      connect: () => new Redis({ ...server }),
      connectNodes: () => [new Redis({ ...server })],
      other: { driver, open: (options, via) => openNodeRedis(driver, { nodes: [server], via }, options) },
    })
    afterAll(() => backend.close())
    describeConformance(backend)
  })
})
