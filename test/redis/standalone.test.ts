import { storeConformance } from '@countersign/testkit'
import { Redis as Redis6 } from 'ioredis'
import { Redis as Redis5 } from 'ioredis5'
import { afterAll, describe, it } from 'vitest'
import { describeWith } from '../services.js'
import { addressOf, type RedisAddress, redisBackend, type TestClient } from './redis-backend.js'

const majors = {
  'ioredis 6': (address: RedisAddress): TestClient => new Redis6({ ...address }),
  'ioredis 5': (address: RedisAddress): TestClient => new Redis5({ ...address }),
}

describeWith('redis', 'stores on one Redis server', (url) => {
  const server = addressOf(url)
  for (const [major, connect] of Object.entries(majors)) {
    const backend = redisBackend({
      nodes: [server],
      connect: (via) => connect({ ...server, ...via?.[0] }),
      connectNodes: () => [connect(server)],
    })
    describe(major, () => {
      afterAll(() => backend.close())
      describe.each(storeConformance(backend))('$name', ({ cases }) => {
        it.each(cases)('$name', ({ run }) => run())
      })
    })
  }
})
