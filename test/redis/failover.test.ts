import { isUnavailable, type Stores } from '@countersign/core'
import { redisStores } from '@countersign/redis'
import { breakableProxy } from '@countersign/testkit'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { drivers, openStores } from './drivers.js'
import { describeWithServers, type OwnServer, startSentinel, startServer, untilReplicating } from './redis-servers.js'

const minute = 60_000

async function answerOf(call: Promise<unknown>): Promise<unknown> {
  return call.catch((error: unknown) => {
    if (isUnavailable(error)) return 'outage'
    throw error
  })
}

describeWithServers('a failover, with changes answered when a replica has them', () => {
  const ended: (() => unknown)[] = []
  afterEach(async () => {
    for (const end of ended.splice(0)) await end()
  })

  describe.each(drivers)('with %s', (driver) => {
    it('grants no acknowledged claim and no acknowledged nonce a second time', async () => {
      const group = await startSentinel()
      ended.push(() => group.remove())
      const { stores, close } = openStores(
        driver,
        { nodes: group.servers, sentinel: group.sentinel },
        { prefix: 'failover', durability: 'wait', onWarning: () => undefined },
      )
      ended.unshift(close)
      await stores.ready()
      const claims = new Map<string, number>()
      const nonces: string[] = []
      const outages = { count: 0 }
      const run = { on: true }
      const busy = async (lane: number): Promise<void> => {
        for (let n = 0; run.on; n += 1) {
          const id = `lane ${lane} number ${n}`
          const issuedAt = performance.now()
          const claimed = await answerOf(stores.replay.claim({ purpose: 'test', id, issuedAgoMs: 0, ttlMs: minute }))
          if (claimed === 'claimed') claims.set(id, issuedAt)
          const remembered = await answerOf(
            stores.nonces
              .remember(id, { clientId: 'client', ttlMs: minute })
              .catch((error: unknown) => (isUnavailable(error) ? 'outage' : 'there')),
          )
          if (remembered === undefined && (await answerOf(stores.nonces.spend(id, 'purpose'))) === 'spent') nonces.push(id)
          if (claimed === 'outage' || remembered === 'outage') outages.count += 1
        }
      }
      const lanes = Array.from({ length: 16 }, (_, lane) => busy(lane))
      await new Promise((resolve) => setTimeout(resolve, 300))
      const before = claims.size
      // The one that takes over has no replica, so it acknowledges nothing and is not ready; it reads.
      const reads = (): Promise<unknown> => answerOf(stores.clients.list({ collection: 'collection' }))
      const plainClient = (): Redis => {
        const client = new Redis({ host: '127.0.0.1', port: group.servers[1]?.port ?? 0 })
        client.on('error', () => undefined)
        ended.push(() => client.disconnect())
        return client
      }
      try {
        await group.servers[0]?.kill()
        const promoted = plainClient()
        await expect.poll(async () => (await promoted.role())[0], { timeout: 10_000, interval: 10 }).toBe('master')
        await expect.poll(reads, { timeout: 20_000, interval: 100 }).toEqual([])
      } finally {
        run.on = false
      }
      await Promise.all(lanes)
      expect((await stores.ready()).parts.redis).toMatchObject({ ok: false })

      expect(before).toBeGreaterThan(100)
      expect(outages.count).toBeGreaterThan(0)
      const checking = redisStores(plainClient(), { prefix: 'failover', onWarning: () => undefined })
      await checking.ready()
      for (const [id, issuedAt] of claims) {
        const verdict = await checking.replay.claim({ purpose: 'test', id, issuedAgoMs: performance.now() - issuedAt, ttlMs: minute })
        expect(verdict).toBe('replayed')
      }
      for (const id of nonces) expect(await checking.nonces.spend(id, 'purpose')).toBe('replayed')
      await checking.close()
    }, 60_000)
  })

  it('a server without a replica refuses every change as an outage, and still reads', async () => {
    const server = await startServer()
    ended.push(() => server.remove())
    const client = new Redis({ host: server.host, port: server.port })
    ended.push(() => client.disconnect())
    const stores = redisStores(client, { prefix: 'alone', durability: 'wait', maxWaitMs: 400 })
    await stores.ready()
    expect(await answerOf(stores.replay.claim({ purpose: 'test', id: 'id', issuedAgoMs: 0, ttlMs: minute }))).toBe('outage')
    expect(await answerOf(stores.nonces.remember('jti', { clientId: 'client', ttlMs: minute }))).toBe('outage')
    expect(await answerOf(stores.revocations.revoke({ type: 'client', issuer: 'issuer', clientId: 'client' }))).toBe('outage')
    expect(await stores.clients.list({ collection: 'collection' })).toEqual([])
    await stores.close()
  })

  /** A master whose replica is there and, when told so, hears nothing any more. */
  async function lagging(): Promise<{ master: OwnServer; replica: OwnServer; lag(): void }> {
    const master = await startServer(['repl-diskless-sync-delay 0'])
    const link = await breakableProxy(master)
    const replica = await startServer([`replicaof 127.0.0.1 ${link.port}`])
    for (const part of [replica, master]) ended.unshift(() => part.remove())
    ended.unshift(() => link.close())
    await untilReplicating(master.port)
    return { master, replica, lag: () => link.loseAnswers() }
  }

  async function nonceStores(server: OwnServer, durability: 'server' | 'wait'): Promise<{ stores: Stores; duplicates: readonly Redis[] }> {
    const client = new Redis({ host: server.host, port: server.port, retryStrategy: () => 20 })
    client.on('error', () => undefined)
    ended.push(() => client.disconnect())
    const duplicates: Redis[] = []
    const duplicate = client.duplicate.bind(client)
    client.duplicate = (options) => {
      const made = duplicate(options)
      duplicates.push(made)
      return made
    }
    const stores = redisStores(client, { prefix: 'lag', durability, maxWaitMs: 600, onWarning: () => undefined })
    await stores.ready()
    return { stores, duplicates }
  }

  it('of a replica that lags: what it forgot is acknowledged by the server alone, refused with wait, and spent by nobody after it', async () => {
    const { master, replica, lag } = await lagging()
    const [{ stores: server }, { stores: wait }] = [await nonceStores(master, 'server'), await nonceStores(master, 'wait')]
    for (const jti of ['server', 'wait']) await server.nonces.remember(jti, { clientId: 'client', ttlMs: minute })
    await untilReplicating(master.port)
    lag()
    expect(await server.nonces.spend('server', 'purpose')).toBe('spent')
    expect(await answerOf(wait.nonces.spend('wait', 'purpose'))).toBe('outage')
    await master.kill()
    const promoted = new Redis({ host: replica.host, port: replica.port })
    ended.push(() => promoted.disconnect())
    await promoted.call('REPLICAOF', 'NO', 'ONE')
    const { stores: after } = await nonceStores(replica, 'server')
    expect([await after.nonces.spend('server', 'purpose'), await after.nonces.spend('wait', 'purpose')]).toEqual(['unknown', 'unknown'])
  })

  it('of a replica that lags: a challenge that was taken in what it forgot is taken by nobody after it, and a new one is kept in its place', async () => {
    const { master, replica, lag } = await lagging()
    const { stores: before } = await nonceStores(master, 'server')
    for (const id of ['taken', 'open', 'kept']) await before.challenges.put(id, 'record', minute)
    const earlier = new Redis({ host: master.host, port: master.port })
    ended.push(() => earlier.disconnect())
    await earlier.set('lag||x7:earlier', '1of an earlier release', 'PX', minute)
    await untilReplicating(master.port)
    lag()
    expect(await before.challenges.take('taken')).toBe('record')
    await master.kill()
    const promoted = new Redis({ host: replica.host, port: replica.port })
    ended.push(() => promoted.disconnect())
    await promoted.call('REPLICAOF', 'NO', 'ONE')
    const {
      stores: { challenges },
    } = await nonceStores(replica, 'server')
    expect([await challenges.read('taken'), await challenges.take('taken'), await challenges.take('open')]).toEqual([null, null, null])
    expect(await challenges.keep('kept', 'another', minute)).toBe('another')
    expect(await challenges.take('kept')).toBe('another')
    expect(await challenges.take('earlier')).toBe('of an earlier release')
  })

  it('an acknowledgement that another server gives counts for nothing', async () => {
    const [{ master, lag }, other] = [await lagging(), await lagging()]
    const [{ stores, duplicates }, { stores: server }] = [await nonceStores(master, 'wait'), await nonceStores(master, 'server')]
    await server.nonces.remember('jti', { clientId: 'client', ttlMs: minute })
    await untilReplicating(master.port)
    lag()
    const [client] = duplicates
    if (client === undefined) throw new Error('changes have no connection of their own')
    const pipeline = client.pipeline.bind(client)
    client.pipeline = () => {
      client.options.port = other.master.port
      client.disconnect(true)
      return pipeline()
    }
    expect(await answerOf(stores.nonces.spend('jti', 'purpose'))).toBe('outage')
  })
})
