import { randomUUID } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import type { Stores } from '@countersign/core'
import { nodeRedisStores } from '@countersign/redis'
import type { Redis } from 'ioredis'
import { createClient } from 'redis'
import { createClient as createClient5 } from 'redis5'
import { describe, expect, it, onTestFinished } from 'vitest'
import { nodeRedisMajors, openNodeRedis } from './node-redis-clients.js'
import type { RedisAddress } from './redis-backend.js'
import { describeWithServers } from './redis-servers.js'
import { serverName } from './server-name.js'
import { answerOf, claim, connect, minute, pause, start, withReplica } from './waiting-stores.js'

/** A proxy in a thread of its own: it resets all connections while this thread stands still. */
const resettingProxy = `
const { parentPort, workerData } = require('node:worker_threads')
const net = require('node:net')
const sockets = new Set()
const server = net.createServer((client) => {
  const upstream = net.connect(workerData, '127.0.0.1')
  client.pipe(upstream).pipe(client)
  for (const socket of [client, upstream]) socket.on('error', () => undefined)
  sockets.add(client)
})
server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))
parentPort.on('message', (ms) => setTimeout(() => {
  for (const socket of sockets) socket.resetAndDestroy()
  sockets.clear()
}, ms))`

async function startResetting(port: number): Promise<{ readonly port: number; resetIn(ms: number): void }> {
  const worker = new Worker(resettingProxy, { eval: true, workerData: port })
  onTestFinished(async () => void (await worker.terminate()))
  const listening = await new Promise<number>((resolve) => worker.once('message', resolve))
  return { port: listening, resetIn: (ms) => worker.postMessage(ms) }
}

function standStill(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

describeWithServers('connections through the package redis', () => {
  describe.each(nodeRedisMajors)('%s', (major) => {
    /** Stores that are ready: what was issued before that cannot be claimed. */
    async function open(nodes: readonly RedisAddress[], options: object = {}): Promise<Stores> {
      const { stores, close } = openNodeRedis(major, { nodes }, { prefix: 'own', maxWaitMs: 2_000, onWarning: () => undefined, ...options })
      onTestFinished(close)
      await expect.poll(async () => (await stores.ready()).ok, { timeout: 3_000 }).toBe(true)
      return stores
    }

    async function countOf(admin: Redis, command: string): Promise<number> {
      return Number((await admin.info('commandstats')).match(new RegExp(`cmdstat_${command}:calls=(\\d+)`))?.[1] ?? 0)
    }

    it('a connection that is reset while the process stands still gives no call the answer of another', async () => {
      const server = await start()
      const proxy = await startResetting(server.port)
      const stores = await open([{ host: '127.0.0.1', port: proxy.port }])
      await stores.clients.put({ collection: 'c', id: 'a', value: '"a"', revision: 0 })
      await stores.clients.put({ collection: 'c', id: 'b', value: '"b"', revision: 0 })
      const valueAt = (id: string): Promise<unknown> => answerOf(stores.clients.get({ collection: 'c', id }).then((found) => found?.value))
      for (let round = 0; round < 5; round += 1) {
        proxy.resetIn(15)
        await pause(5)
        const first = await new Promise<unknown>((resolve) => {
          // in the phase of timers: the write of the driver comes after the reset
          setTimeout(() => {
            resolve(valueAt('a'))
            standStill(80)
          }, 0)
        })
        expect(first).toBe('"a"')
        expect(await valueAt('b')).toBe('"b"')
        expect(await claim(stores, `round ${round}`)).toBe('claimed')
      }
    })

    it('a claim whose connection breaks is made once, and its caller is told so', async () => {
      const server = await start()
      const admin = connect(server)
      const stores = await open([server])
      // the memory of a server that started just now begins too near for its clock to be read exactly
      await pause(300)
      for (let round = 0; round < 10; round += 1) {
        const ids = Array.from({ length: 50 }, () => randomUUID())
        const answers = ids.map((id) => answerOf(claim(stores, id)))
        const killed = admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
        expect(new Set(await Promise.all(answers))).toEqual(new Set(['claimed']))
        await killed
        expect(new Set(await Promise.all(ids.map((id) => claim(stores, id))))).toEqual(new Set(['replayed']))
      }
    })

    it('what was issued before another server took the address is unprovable, also for a call that is under way', async () => {
      const [first, second] = [await start(), await start()]
      const name = await serverName(first)
      onTestFinished(() => name.close())
      const stores = await open([{ host: '127.0.0.1', port: name.port }])
      expect(await claim(stores, 'before')).toBe('claimed')
      await pause(20)
      const issuedAt = performance.now()
      await pause(20)
      name.leadTo(second)
      const underWay = answerOf(
        stores.replay.claim({ purpose: 'test', id: 'before', issuedAgoMs: performance.now() - issuedAt + 40, ttlMs: minute }),
      )
      await connect(first).call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      // the first server knows it; the second cannot tell
      expect(['replayed', 'unprovable']).toContain(await underWay)
      const again = stores.replay.claim({ purpose: 'test', id: 'before', issuedAgoMs: performance.now() - issuedAt + 40, ttlMs: minute })
      expect(await again).toBe('unprovable')
    })

    it('a script that the server forgot is sent in full', async () => {
      const server = await start()
      const admin = connect(server)
      const stores = await open([server])
      expect(await claim(stores, 'first')).toBe('claimed')
      await admin.script('FLUSH')
      expect(await claim(stores, 'second')).toBe('claimed')
      const evals = await countOf(admin, 'eval')
      expect(await claim(stores, 'third')).toBe('claimed')
      expect(await countOf(admin, 'eval')).toBe(evals)
    })

    it('a call that was given up is not carried out when the server answers again', async () => {
      const server = await start()
      const stores = await open([server], { maxWaitMs: 200 })
      server.freeze()
      expect(await answerOf(claim(stores, 'given up'))).toBe('outage')
      await pause(100)
      server.thaw()
      await expect.poll(() => answerOf(claim(stores, randomUUID()))).toBe('claimed')
      expect(await claim(stores, 'given up')).toBe('claimed')
    })

    it('a server that became a replica is left, where its address leads elsewhere by now', async () => {
      const [server, other] = [await start(), await start()]
      const name = await serverName(server)
      onTestFinished(() => name.close())
      const stores = await open([{ host: '127.0.0.1', port: name.port }])
      expect(await claim(stores, 'first')).toBe('claimed')
      name.leadTo(other)
      await connect(server).replicaof('127.0.0.1', other.port)
      expect(await answerOf(claim(stores, 'second'))).toBe('outage')
      await expect.poll(() => answerOf(claim(stores, randomUUID())), { timeout: 5_000, interval: 50 }).toBe('claimed')
      expect((await connect(other).keys('own||c*')).length).toBeGreaterThan(0)
    })

    it("durability: 'wait' refuses what a frozen replica does not acknowledge, takes it back, and goes on with it", async () => {
      const { master, replica } = await withReplica()
      const stores = await open([master], { durability: 'wait', maxWaitMs: 400 })
      await stores.nonces.remember('jti', { clientId: 'client', ttlMs: minute })
      expect(await claim(stores, 'first')).toBe('claimed')
      replica.freeze()
      expect(await answerOf(claim(stores, 'second'))).toBe('outage')
      expect(await answerOf(stores.nonces.spend('jti', 'purpose'))).toBe('outage')
      replica.thaw()
      await expect.poll(() => answerOf(claim(stores, randomUUID())), { timeout: 5_000, interval: 20 }).toBe('claimed')
      expect([await claim(stores, 'first'), await claim(stores, 'second')]).toEqual(['replayed', 'claimed'])
      expect(await stores.nonces.spend('jti', 'purpose')).toBe('spent')
    })

    it('all tenants on one client share one connection for calls, one for revocations and one for changes, which end with the client', async () => {
      const { master } = await withReplica()
      const admin = connect(master)
      const name = randomUUID()
      const options = { socket: { host: '127.0.0.1', port: master.port }, name }
      const client = major === 'redis' ? createClient(options) : createClient5(options)
      client.on('error', () => undefined)
      const connections = async (): Promise<number> => String(await admin.call('CLIENT', 'LIST')).split(`name=${name} `).length - 1
      const tenants = Array.from({ length: 20 }, (_, at) =>
        nodeRedisStores(client, { prefix: 'own', tenant: `t${at}`, durability: 'wait', onWarning: () => undefined }),
      )
      expect(await answerOf(claim(tenants[0] as Stores, 'early'))).toBe('outage')
      await client.connect()
      await expect.poll(async () => (await (tenants[0] as Stores).ready()).ok, { timeout: 3_000 }).toBe(true)
      for (const stores of tenants) stores.revocations.subscribe(() => undefined)
      await Promise.all(tenants.map((stores) => claim(stores, 'id')))
      await expect.poll(connections).toBe(4)
      await client.close()
      await expect.poll(connections).toBe(0)
      expect(await answerOf(claim(tenants[0] as Stores, 'late'))).toBe('outage')
      await Promise.all(tenants.map((stores) => stores.close()))
    })

    it('the last stores that are closed end the connections, and the client stays open', async () => {
      const server = await start()
      const admin = connect(server)
      const options = { socket: { host: '127.0.0.1', port: server.port } }
      const client = major === 'redis' ? createClient(options) : createClient5(options)
      client.on('error', () => undefined)
      await client.connect()
      onTestFinished(() => client.destroy())
      const clients = async (): Promise<number> => Number(/connected_clients:(\d+)/.exec(await admin.info('clients'))?.[1])
      const before = await clients()
      const [one, two] = ['a', 'b'].map((tenant) => nodeRedisStores(client, { prefix: 'own', tenant })) as [Stores, Stores]
      for (const stores of [one, two]) expect((await stores.ready()).ok).toBe(true)
      expect([await claim(one, 'id'), await claim(two, 'id')]).toEqual(['claimed', 'claimed'])
      await one.close()
      expect(await claim(two, 'second')).toBe('claimed')
      await two.close()
      await expect.poll(clients).toBe(before)
      expect(await client.ping()).toBe('PONG')
    })
  })
})
