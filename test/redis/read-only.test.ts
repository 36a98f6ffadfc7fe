import { redisStores } from '@countersign/redis'
import { storeConformance } from '@countersign/testkit'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, it } from 'vitest'
import { redisBackend } from './redis-backend.js'
import { describeWithServers, type OwnServer, startServer, untilReplicating } from './redis-servers.js'

describeWithServers('stores on a replica of Redis', () => {
  const servers: OwnServer[] = []
  const connect = (index = 0): Redis => new Redis({ host: '127.0.0.1', port: servers[index]?.port ?? 0 })
  const backend = redisBackend({ nodes: [], connect: () => connect(), connectNodes: () => [connect()] })

  beforeAll(async () => {
    const master = await startServer(['repl-diskless-sync-delay 0'])
    servers.push(master, await startServer([`replicaof 127.0.0.1 ${master.port}`]))
    await untilReplicating(master.port)
  }, 60_000)
  afterAll(async () => {
    await backend.close()
    for (const server of servers) await server.remove()
  })

  const groups = storeConformance({
    ...backend,
    async openReadOnly({ prefix }) {
      const client = connect(1)
      const stores = redisStores(client, { prefix, onWarning: () => undefined })
      return { stores, close: () => stores.close().then(() => client.disconnect()) }
    },
  })
  it.each(groups.find(({ name }) => name === 'read-only')?.cases ?? [])('$name', ({ run }) => run())
})
