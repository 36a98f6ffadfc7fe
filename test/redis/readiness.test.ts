import { isUnavailable, type Stores } from '@countersign/core'
import { type RedisStoresOptions, redisStores } from '@countersign/redis'
import { Redis } from 'ioredis'
import { afterEach, expect, it } from 'vitest'
import { describeWithServers, type OwnServer, startServer } from './redis-servers.js'
import { serverName } from './server-name.js'

const minute = 60_000
const entry = { type: 'client', issuer: 'issuer', clientId: 'client' } as const

async function answerOf(call: Promise<unknown>): Promise<unknown> {
  return call.catch((error: unknown) => {
    if (isUnavailable(error)) return 'outage'
    throw error
  })
}

/** What the part `redis` is not ready for; `ok` if it is. */
async function partOf(stores: Stores): Promise<string> {
  const { ok, parts } = await stores.ready()
  expect(parts.redis?.ok).toBe(ok)
  if (parts.redis === undefined || parts.redis.ok) return 'ok'
  const { cause } = parts.redis
  return isUnavailable(cause) && cause.cause instanceof Error ? cause.cause.message : String(cause)
}

describeWithServers('ready() of stores on Redis', () => {
  const ended: (() => unknown)[] = []
  afterEach(async () => {
    for (const end of ended.splice(0).reverse()) await end()
  })

  async function start(settings: readonly string[] = []): Promise<OwnServer> {
    const server = await startServer(['repl-diskless-sync-delay 0', ...settings])
    ended.push(() => server.remove())
    return server
  }

  async function startName(first: OwnServer) {
    const name = await serverName(first)
    ended.push(() => name.close())
    return name
  }

  function connect({ port }: { readonly port: number }, options: object = {}): Redis {
    const client = new Redis({ host: '127.0.0.1', port, retryStrategy: () => 20, ...options })
    client.on('error', () => undefined)
    ended.push(() => client.disconnect())
    return client
  }

  async function open(client: Redis, options: Partial<RedisStoresOptions> = {}): Promise<Stores> {
    const stores = redisStores(client, { prefix: 'auth', onWarning: () => undefined, ...options })
    ended.push(() => stores.close())
    expect(await partOf(stores)).toBe('ok')
    return stores
  }

  it('a server that became a replica behind an open connection is not ready, decides nothing, and is ready when promoted', async () => {
    const [server, other] = [await start(), await start()]
    const admin = connect(server)
    const stores = await open(connect(server))
    await stores.nonces.remember('jti', { clientId: 'client', ttlMs: minute })
    await stores.revocations.revoke(entry)
    await admin.replicaof('127.0.0.1', other.port)

    expect(await partOf(stores)).toContain('READONLY')
    const claim = (issuedAgoMs: number): Promise<unknown> =>
      answerOf(stores.replay.claim({ purpose: 'test', id: 'id', issuedAgoMs, ttlMs: minute }))
    const calls = [
      () => claim(0),
      () => claim(10 * minute),
      () => answerOf(stores.nonces.spend('jti', 'purpose')),
      () => answerOf(stores.nonces.spend('unknown', 'purpose')),
      () => answerOf(stores.challenges.take('unknown')),
      () => answerOf(stores.families.rotate({ family: 'unknown', generation: 0, binding: 'b', retryWindowMs: 0 })),
      () => answerOf(stores.clients.remove({ collection: 'c', id: 'unknown', revision: 1 })),
    ]
    for (const call of calls) expect(await call()).toBe('outage')
    expect(await stores.clients.list({ collection: 'c' })).toEqual([])

    await admin.replicaof('NO', 'ONE')
    await expect.poll(() => claim(0)).toBe('claimed')
    expect(await partOf(stores)).toBe('ok')
  })

  it('a call that finds a replica out is an outage, and the next one too, without a restart of anything', async () => {
    const [server, other] = [await start(), await start()]
    const stores = await open(connect(server))
    await connect(server).replicaof('127.0.0.1', other.port)
    const claim = (): Promise<unknown> => answerOf(stores.replay.claim({ purpose: 'test', id: 'id', issuedAgoMs: 0, ttlMs: minute }))
    expect([await claim(), await claim()]).toEqual(['outage', 'outage'])
    await connect(server).replicaof('NO', 'ONE')
    // what was issued before the promotion was seen may have been claimed at the other server
    expect(await claim()).toBe('unprovable')
    await expect.poll(claim).toBe('claimed')
  })

  it('with reconnectOnError the host’s client follows a failover, and the connection for revocations does by itself', async () => {
    const [server, other] = [await start(), await start()]
    const name = await startName(server)
    const follows = { reconnectOnError: (error: Error) => error.message.includes('READONLY') }
    const stores = await open(connect(name, follows))
    const heard = { count: 0 }
    stores.revocations.subscribe(() => {
      heard.count += 1
    })
    await expect.poll(async () => (await connect(server).info('clients')).includes('blocked_clients:1')).toBe(true)

    await connect(other).replicaof('127.0.0.1', server.port)
    await expect.poll(async () => (await connect(other).info('replication')).includes('master_link_status:up')).toBe(true)
    await connect(other).replicaof('NO', 'ONE')
    name.leadTo(other)
    await connect(server).replicaof('127.0.0.1', other.port)

    // By the end of its blocked read alone: nobody calls meanwhile.
    await expect.poll(async () => (await connect(other).info('clients')).includes('blocked_clients:1'), { timeout: 4_000 }).toBe(true)
    await expect.poll(() => partOf(stores), { timeout: 4_000 }).toBe('ok')
    expect(await stores.replay.claim({ purpose: 'test', id: 'id', issuedAgoMs: 0, ttlMs: minute })).toBe('claimed')
    expect((await connect(other).keys('auth||c*')).length).toBe(1)
    // a replica would have the claim as well: now it is somebody else's server
    await connect(server).replicaof('NO', 'ONE')
    const before = heard.count
    await stores.revocations.revoke(entry)
    await expect.poll(() => heard.count, { timeout: 2_000 }).toBeGreaterThan(before)
  })

  it('the connection for revocations is replaced once a second at most, and the host’s never', async () => {
    const [server, other] = [await start(), await start()]
    const name = await startName(server)
    const stores = await open(connect(name))
    stores.revocations.subscribe(() => undefined)
    await expect.poll(async () => (await connect(server).info('clients')).includes('blocked_clients:1')).toBe(true)
    const before = name.connections()
    await connect(server).replicaof('127.0.0.1', other.port)
    const until = performance.now() + 2_500
    while (performance.now() < until) {
      expect(await answerOf(stores.replay.claim({ purpose: 'test', id: 'id', issuedAgoMs: 0, ttlMs: minute }))).toBe('outage')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const replaced = name.connections() - before
    // the server itself ends the blocked read, once
    expect(replaced).toBeGreaterThanOrEqual(2)
    expect(replaced).toBeLessThanOrEqual(4)
  })

  it('is not ok while memory is full, and is again when there is room', async () => {
    const server = await start(['maxmemory-policy noeviction'])
    const stores = await open(connect(server))
    await connect(server).config('SET', 'maxmemory', '1mb')
    expect(await partOf(stores)).toContain('OOM')
    expect(await answerOf(stores.replay.claim({ purpose: 'test', id: 'id', issuedAgoMs: 0, ttlMs: minute }))).toBe('outage')
    await connect(server).config('SET', 'maxmemory', '0')
    expect(await partOf(stores)).toBe('ok')
  })

  it('is not ok for a user that may not write, who reads revocations all the same', async () => {
    const server = await start(['user reader on nopass ~auth|* resetchannels +@connection +@read +eval +evalsha +time +info +wait'])
    await (await open(connect(server))).revocations.revoke(entry)
    const reader = redisStores(connect(server, { username: 'reader', password: 'any' }), { prefix: 'auth', onWarning: () => undefined })
    ended.push(() => reader.close())
    expect(await partOf(reader)).toMatch(/NOPERM|can't run this command/)
    expect((await reader.revocations.since(undefined)).records.length).toBe(1)
  })

  it('is not ok where every change has to be acknowledged and there is no replica', async () => {
    const server = await start()
    const stores = redisStores(connect(server), { prefix: 'auth', durability: 'wait', maxWaitMs: 400 })
    ended.push(() => stores.close())
    expect(await partOf(stores)).toContain('no replica')
    const replica = await start([`replicaof 127.0.0.1 ${server.port}`])
    await expect.poll(async () => (await connect(replica).info('replication')).includes('master_link_status:up')).toBe(true)
    await expect.poll(() => partOf(stores), { timeout: 4_000 }).toBe('ok')
  })

  it('a flood of questions is a few writes, and those at the same time are one', async () => {
    const server = await start()
    const stores = await open(connect(server))
    const admin = connect(server)
    const callsOf = async (command: string): Promise<number> =>
      Number((await admin.info('commandstats')).match(new RegExp(`cmdstat_${command}:calls=(\\d+)`))?.[1] ?? 0)
    const [writes, questions] = [await callsOf('hset'), await callsOf('evalsha')]
    const begun = performance.now()
    await Promise.all(Array.from({ length: 64 }, () => stores.ready()))
    expect((await callsOf('evalsha')) - questions).toBe(1)
    for (let n = 0; n < 200; n += 1) expect((await stores.ready()).ok).toBe(true)
    const seconds = (performance.now() - begun) / 1_000
    expect((await callsOf('hset')) - writes).toBeLessThanOrEqual(10 + seconds)
    expect((await callsOf('evalsha')) - questions).toBe(201)
  })
})
