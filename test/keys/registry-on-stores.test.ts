import { Redis } from 'ioredis'
import { afterAll, describe } from 'vitest'
import { postgresBackend } from '../postgres/postgres-backend.js'
import { addressOf, redisBackend } from '../redis/redis-backend.js'
import { describeWith } from '../services.js'
import { memoryBackend } from '../stores/memory-backend.js'
import { registrySuite } from './registry-on-stores.js'

describe('the registry on stores in memory', () => registrySuite(memoryBackend))

describeWith('redis', 'the registry on Redis', (url) => {
  const server = addressOf(url)
  const backend = redisBackend({
    nodes: [server],
    connect: (via) => new Redis({ ...server, ...via?.[0] }),
    connectNodes: () => [new Redis(server)],
  })
  afterAll(() => backend.close())
  registrySuite(backend)
})

describeWith('postgres', 'the registry on PostgreSQL', (url) => {
  const backend = postgresBackend(url)
  afterAll(() => backend.close())
  registrySuite(backend)
})
