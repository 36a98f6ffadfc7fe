import { storeConformance } from '@countersign/testkit'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { redisBackend } from './redis-backend.js'
import { describeWithServers, type OwnServer, startServer } from './redis-servers.js'

const kinds = [
  { name: 'that keeps its data over a restart', settings: ['appendonly yes', 'appendfsync always'], keeps: true },
  { name: 'that loses its data in a restart', settings: [], keeps: false },
]

describeWithServers('stores on a Redis server', () => {
  describe.each(kinds)('$name', ({ settings, keeps }) => {
    const servers: OwnServer[] = []
    const connect = (): Redis => new Redis({ host: '127.0.0.1', port: servers[0]?.port ?? 0 })
    const backend = redisBackend({ nodes: [], connect, connectNodes: () => [connect()] })
    const again = async (): Promise<void> => {
      for (const server of servers) {
        await (keeps ? server.stop() : server.kill())
        await server.start()
      }
    }

    beforeAll(async () => {
      servers.push(await startServer(settings))
    })
    afterAll(async () => {
      await backend.close()
      for (const server of servers) await server.remove()
    })

    const groups = storeConformance({ ...backend, ...(keeps ? { restart: again, distrustsRestarts: true } : { forget: again }) })
    it.each(groups.find(({ name }) => name === 'loss of memory')?.cases ?? [])('$name', ({ run }) => run())
  })
})
