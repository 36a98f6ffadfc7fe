import { isUnavailable } from '@countersign/core'
import { type RedisClient, type RedisWarning, redisStores } from '@countersign/redis'
import { Cluster, Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { describeWithServers, type OwnServer, startServer } from './redis-servers.js'

const minute = 60_000
const claim = { purpose: 'test', id: 'id', issuedAgoMs: 0, ttlMs: minute }
const entry = { type: 'client', issuer: 'issuer', clientId: 'client' } as const

describe('options', () => {
  const unconnected = new Redis({ lazyConnect: true })

  it.each([
    { prefix: '' },
    { prefix: 'a|b' },
    { prefix: '{a}' },
    { prefix: 'a'.repeat(65) },
    { prefix: 'a', tenant: '' },
    { prefix: 'a', tenant: '\ud800' },
    { prefix: 'a', maxWaitMs: 0 },
    { prefix: 'a', maxWaitMs: Number.NaN },
    { prefix: 'a', durability: 'always' as 'wait' },
  ])('%o is a TypeError at start-up', (options) => {
    expect(() => redisStores(unconnected, options)).toThrow(TypeError)
  })

  it.each([undefined, {}, { tenant: 'a' }])('%o, without a prefix, is a TypeError that asks for one', (options) => {
    expect(() => redisStores(unconnected, options as { prefix: string })).toThrow(/^redisStores: prefix must be 1 to 64 .*, got undefined$/)
  })

  it.each([undefined, 'redis://127.0.0.1:6379', {}])('%o in place of a client is a TypeError that asks for one', (client) => {
    expect(() => redisStores(client as RedisClient, { prefix: 'a' })).toThrow(/^redisStores: .*client/)
  })

  it('a Cluster that reads from replicas is a TypeError at start-up', () => {
    const cluster = new Cluster([{ port: 1 }], { lazyConnect: true, scaleReads: 'slave' })
    expect(() => redisStores(cluster, { prefix: 'a' })).toThrow(TypeError)
  })
})

describeWithServers('stores on a server of their own', () => {
  const servers: OwnServer[] = []
  const ended: (() => unknown)[] = []
  const connect = (options: object = {}): Redis => {
    const client = new Redis({ host: '127.0.0.1', port: servers[0]?.port ?? 0, ...options })
    client.on('error', () => undefined)
    ended.push(() => client.disconnect())
    return client
  }

  beforeAll(async () => {
    const reading = '~auth|* resetchannels +@connection +@read +eval +evalsha +time +info +wait'
    servers.push(await startServer([`user reader on nopass ${reading}`, `user writer on nopass ${reading} +@write`]))
  })
  afterEach(async () => {
    for (const end of ended.splice(0).reverse()) await end()
  })
  afterAll(async () => {
    for (const server of servers) await server.remove()
  })

  it('a claim is one script, which asks for the time and sets one key, and one round trip', async () => {
    const client = connect()
    const stores = redisStores(client, { prefix: 'one' })
    await stores.ready()
    // the server learns the script
    await stores.replay.claim({ ...claim, id: 'first' })
    const callsOf = async (): Promise<ReadonlyMap<string, number>> => {
      const stats = await client.info('commandstats')
      return new Map([...stats.matchAll(/cmdstat_(\S+):calls=(\d+)/g)].map(([, name = '', calls]) => [name, Number(calls)]))
    }
    const before = await callsOf()
    await stores.replay.claim(claim)
    const changed = [...(await callsOf())].map(([name, calls]) => [name, calls - (before.get(name) ?? 0)] as const)
    const made = changed.filter(([name, calls]) => calls > 0 && name !== 'info')
    expect(Object.fromEntries(made)).toEqual({ evalsha: 1, set: 1, time: 1 })
  })

  it('scripts are sent again to a server that forgot them', async () => {
    const client = connect()
    const stores = redisStores(client, { prefix: 'scripts' })
    await stores.nonces.remember('jti', { clientId: 'client', ttlMs: minute })
    expect(await stores.nonces.spend('jti', 'one')).toBe('spent')
    await client.script('FLUSH')
    expect(await Promise.all([stores.nonces.spend('jti', 'two'), stores.nonces.spend('jti', 'one')])).toEqual(['spent', 'replayed'])
  })

  it('all keys of a tenant begin with the prefix and the tenant, also behind a prefix of the client', async () => {
    const stores = redisStores(connect({ keyPrefix: 'host:' }), { prefix: 'auth', tenant: 'a|b:{c}' })
    await stores.ready()
    await stores.replay.claim(claim)
    await stores.families.create({ family: 'f', binding: 'b', data: 'd', ttlMs: minute })
    await stores.clients.put({ collection: 'c', id: 'i', value: '0', revision: 0, callId: 'put-of-one' })
    await stores.revocations.revoke(entry, { callId: 'revoke-of-one' })
    expect((await stores.revocations.since(undefined)).records.length).toBe(1)
    const keys = (await connect().keys('*c%7D*')).sort()
    expect(keys.filter((key) => !key.includes('|y{')).length, 'with the index of the collection').toBe(6)
    expect(keys.filter((key) => key.includes('|y{')).length, 'of the two answers that are kept').toBe(2)
    expect(keys.filter((key) => !key.startsWith('host:auth|a%7Cb%3A%7Bc%7D|'))).toEqual([])
  })

  it('works on a client that connects late, keeps no queue or batches by itself', async () => {
    for (const options of [{ lazyConnect: true }, { enableOfflineQueue: false }, { enableAutoPipelining: true }, { stringNumbers: true }]) {
      const stores = redisStores(connect(options), { prefix: `late-${Object.keys(options)[0]}` })
      await expect.poll(() => stores.ready().then(({ ok }) => ok)).toBe(true)
      const verdicts = await Promise.all(Array.from({ length: 8 }, () => stores.replay.claim(claim)))
      expect(verdicts.filter((verdict) => verdict === 'claimed').length).toBe(1)
      expect(await stores.attempts.reserve({ key: 'k', limit: 2, windowMs: minute })).toEqual({ ok: true, remaining: 1 })
      expect(await stores.replay.claim({ ...claim, issuedAgoMs: 60 * minute })).toBe('replayed')
    }
  })

  it('a record of a format that it does not know is an outage, and stays as it is', async () => {
    const client = connect()
    const stores = redisStores(client, { prefix: 'format' })
    await stores.ready()
    await stores.nonces.remember('jti', { clientId: 'client', ttlMs: minute })
    await stores.families.create({ family: 'f', binding: 'b', data: 'd', ttlMs: minute })
    await stores.clients.put({ collection: 'c', id: 'i', value: '0', revision: 0 })
    await stores.challenges.put('id', 'record', minute)
    await client.set('format||n3:jti', '2newer', 'KEEPTTL')
    await client.hset('format||f1:f', 'v', '2')
    await client.hset('format||dc1:c', 'i', '2:1:0')
    await client.set('format||x2:id', '2newer', 'KEEPTTL')
    const calls = [
      () => stores.nonces.spend('jti', 'purpose'),
      () => stores.families.rotate({ family: 'f', generation: 0, binding: 'b', retryWindowMs: 0 }),
      () => stores.families.revoke('f', 'reason'),
      () => stores.families.find('f'),
      () => stores.clients.get({ collection: 'c', id: 'i' }),
      () => stores.clients.list({ collection: 'c' }),
      () => stores.clients.put({ collection: 'c', id: 'i', value: '1', revision: 1 }),
      () => stores.clients.remove({ collection: 'c', id: 'i', revision: 1 }),
      () => stores.challenges.take('id'),
    ]
    for (const call of calls) await expect(call()).rejects.toSatisfy(isUnavailable)
    expect(await client.hget('format||dc1:c', 'i')).toBe('2:1:0')
  })

  it('warns of a policy that may evict keys', async () => {
    const admin = connect()
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru')
    ended.push(() => connect().config('SET', 'maxmemory-policy', 'noeviction'))
    const warnings: RedisWarning[] = []
    const stores = redisStores(connect(), { prefix: 'policy', onWarning: (warning) => warnings.push(warning) })
    await stores.ready()
    await expect.poll(() => warnings).toEqual([{ name: 'maxmemory_policy', detail: 'allkeys-lru' }])
    await admin.config('SET', 'maxmemory-policy', 'noeviction')
    const quiet: RedisWarning[] = []
    await redisStores(connect(), { prefix: 'policy', onWarning: (warning) => quiet.push(warning) }).ready()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(quiet).toEqual([])
  })

  it('a user that may only read follows revocations, and can claim nothing', async () => {
    const operator = redisStores(connect(), { prefix: 'auth' })
    const epoch = await operator.revocations.revoke(entry)
    const reader = redisStores(connect({ username: 'reader', password: 'any' }), { prefix: 'auth' })
    expect(await reader.revocations.cursor()).toBe(epoch)
    expect(await reader.revocations.since(undefined)).toMatchObject({ records: [{ entry }], lost: false })
    await expect(reader.replay.claim(claim)).rejects.toSatisfy(isUnavailable)
    await expect(reader.revocations.revoke(entry)).rejects.toSatisfy(isUnavailable)
  })

  it('works for a user that may do what the README says', async () => {
    const stores = redisStores(connect({ username: 'writer', password: 'any' }), { prefix: 'auth', tenant: 'writer' })
    await stores.ready()
    expect(await stores.replay.claim(claim)).toBe('claimed')
    await stores.nonces.remember('jti', { clientId: 'client', ttlMs: minute })
    expect(await stores.nonces.spend('jti', 'purpose')).toBe('spent')
    await stores.challenges.put('id', 'record', minute)
    expect(await stores.challenges.take('id')).toBe('record')
    await stores.families.create({ family: 'f', binding: 'b', data: 'd', ttlMs: minute })
    expect((await stores.families.rotate({ family: 'f', generation: 0, binding: 'b', retryWindowMs: 0 })).outcome).toBe('rotated')
    expect((await stores.attempts.reserve({ key: 'k', limit: 1, windowMs: minute })).ok).toBe(true)
    expect(await stores.keys.put({ collection: 'c', id: 'i', value: '0', revision: 0 })).toBe(true)
    expect(await stores.revocations.revoke(entry)).toBe(await stores.revocations.cursor())
  })

  it('the stream of revocations does not grow with entries that have ended', async () => {
    const client = connect()
    const stores = redisStores(client, { prefix: 'trim' })
    for (let n = 0; n < 20; n += 1) await stores.revocations.revoke({ ...entry, clientId: `for ever ${n}` })
    for (let n = 0; n < 2_000; n += 1) await stores.revocations.revoke({ ...entry, clientId: `short ${n}` }, { ttlMs: 1 })
    expect(await client.xlen('trim||revocations{-}')).toBeLessThan(500)
    expect((await stores.revocations.since(undefined)).records.filter(({ ttlMs }) => ttlMs === undefined).length).toBe(20)
  })

  it('a subscription survives its connection, tells that something may have been missed, and ends with close', async () => {
    const admin = connect()
    const clientsOf = async (): Promise<number> => ((await admin.info('clients')).includes('blocked_clients:1') ? 1 : 0)
    const client: RedisClient = connect()
    const warnings: string[] = []
    const stores = redisStores(client, { prefix: 'subscribed', onWarning: ({ name }) => warnings.push(name) })
    await stores.ready()
    const calls = { count: 0 }
    stores.revocations.subscribe(() => {
      calls.count += 1
    })
    await expect.poll(clientsOf).toBe(1)
    await stores.revocations.revoke(entry)
    await expect.poll(() => calls.count).toBe(1)
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await expect.poll(clientsOf, { timeout: 5_000 }).toBe(1)
    const heard = calls.count
    await stores.revocations.revoke(entry)
    await expect.poll(() => calls.count).toBeGreaterThan(heard)
    await stores.close()
    await stores.close()
    await expect.poll(clientsOf).toBe(0)
    expect(await admin.ping()).toBe('PONG')
    await expect(stores.replay.claim(claim)).rejects.toSatisfy(isUnavailable)
  })
})
