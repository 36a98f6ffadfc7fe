import { type RedisStoresOptions, type RedisWarning, redisStores } from '@countersign/redis'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { describeWithServers, type OwnServer, startServer } from './redis-servers.js'

const minute = 60_000

/** Clocks are read to the millisecond: what is issued now is issued after the memory began, as seen by every process. */
async function aMomentLater(): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, 20))
  return performance.now()
}

const ways = [
  { name: 'whose INFO was renamed', settings: ['rename-command INFO ""'], login: {} },
  {
    name: 'with a user that may not ask for INFO',
    settings: ['user app on nopass ~* resetchannels +@all -info'],
    login: { username: 'app', password: 'any' },
  },
]

describeWithServers('a Redis server without INFO', () => {
  const ended: (() => unknown)[] = []
  afterEach(async () => {
    for (const end of ended.splice(0).reverse()) await end()
  })

  async function start(settings: readonly string[]): Promise<OwnServer> {
    const server = await startServer(settings)
    ended.push(() => server.remove())
    return server
  }

  function connect({ port }: OwnServer, login: object = {}): Redis {
    const client = new Redis({ host: '127.0.0.1', port, retryStrategy: () => 20, enableReadyCheck: false, ...login })
    client.on('error', () => undefined)
    ended.push(() => client.disconnect())
    return client
  }

  function open(client: Redis, options: Partial<RedisStoresOptions> = {}) {
    const warnings: RedisWarning[] = []
    const stores = redisStores(client, { prefix: 'auth', onWarning: (warning) => warnings.push(warning), ...options })
    ended.push(() => stores.close())
    const issuedAt = performance.now()
    const claimOf = (id: string, since = issuedAt): Promise<string> =>
      stores.replay.claim({ purpose: 'test', id, issuedAgoMs: performance.now() - since, ttlMs: minute })
    return { stores, warnings, claimOf }
  }

  describe.each(ways)('$name', ({ settings, login }) => {
    it('never claims a jti twice after a restart from an older dump', async () => {
      const server = await start(settings)
      const { stores, claimOf } = open(connect(server, login))
      expect(await stores.ready()).toMatchObject({ ok: true })
      const issuedAt = await aMomentLater()
      await connect(server).save()
      expect(await claimOf('jti', issuedAt)).toBe('claimed')

      await server.kill()
      await server.start()
      const other = open(connect(server, login))
      for (const again of [stores, other.stores]) await expect.poll(() => again.ready().then(({ ok }) => ok)).toBe(true)
      expect([await claimOf('jti', issuedAt), await other.claimOf('jti', issuedAt)]).toEqual(['unprovable', 'unprovable'])
      // what is issued from now on is claimed as usual, by one of them
      const now = performance.now()
      expect([await claimOf('new', now), await other.claimOf('new', now)]).toEqual(['claimed', 'replayed'])
    })

    it('says so once, loudly', async () => {
      const server = await start(settings)
      const { stores, warnings } = open(connect(server, login))
      await stores.ready()
      await connect(server).call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      await expect.poll(() => stores.ready().then(({ ok }) => ok)).toBe(true)
      expect(warnings.filter(({ name }) => name === 'memory_of_connection')).toEqual([
        { name: 'memory_of_connection', detail: expect.stringContaining('INFO') },
      ])
    })
  })

  it('a warning whose receiver throws fails nothing that is asked of the stores', async () => {
    const server = await start(['user app on nopass ~* resetchannels +@all -info', 'maxmemory-policy allkeys-lru'])
    const told: string[] = []
    const onWarning = ({ name }: RedisWarning): never => {
      told.push(name)
      throw new Error('the log is full, on purpose')
    }
    for (const [jti, login] of [
      ['first', { username: 'app', password: 'any' }],
      ['second', {}],
    ] as const) {
      const { stores, claimOf } = open(connect(server, login), { onWarning })
      expect(await stores.ready()).toMatchObject({ ok: true })
      expect(await claimOf(jti, await aMomentLater())).toBe('claimed')
    }
    await expect.poll(() => told).toEqual(expect.arrayContaining(['memory_of_connection', 'maxmemory_policy']))
  })

  it('a process that may not ask keeps nothing for those that may', async () => {
    const server = await start(['user app on nopass ~* resetchannels +@all -info'])
    const may = open(connect(server))
    await may.stores.ready()
    const issuedAt = await aMomentLater()
    const kept = await connect(server).hgetall('auth||memory{-}')
    const mayNot = open(connect(server, { username: 'app', password: 'any' }))
    await mayNot.stores.ready()
    expect(await mayNot.claimOf('jti', issuedAt)).toBe('unprovable')
    expect(await connect(server).hgetall('auth||memory{-}')).toEqual(kept)
    const third = open(connect(server))
    await third.stores.ready()
    expect(await third.claimOf('jti', issuedAt)).toBe('claimed')
  })

  it('memory that began without INFO is not believed by a process that has it', async () => {
    const server = await start(['user app on nopass ~* resetchannels +@all -info'])
    const mayNot = open(connect(server, { username: 'app', password: 'any' }))
    await mayNot.stores.ready()
    const epoch = await mayNot.stores.revocations.revoke({ type: 'client', issuer: 'issuer', clientId: 'client' })
    const issuedAt = performance.now()
    const may = open(connect(server))
    await may.stores.ready()
    expect(await may.claimOf('jti', issuedAt)).toBe('unprovable')
    expect(await may.stores.revocations.since(epoch)).toMatchObject({ lost: false })
  })
})

describeWithServers('a Redis server that was a replica for a while', () => {
  const ended: (() => unknown)[] = []
  afterEach(async () => {
    for (const end of ended.splice(0).reverse()) await end()
  })

  it('and is the same run, has lost what the other one did not have', async () => {
    const [server, other] = [await startServer(['repl-diskless-sync-delay 0']), await startServer(['repl-diskless-sync-delay 0'])]
    ended.push(
      () => server.remove(),
      () => other.remove(),
    )
    const admin = new Redis({ host: '127.0.0.1', port: server.port })
    ended.push(() => admin.disconnect())
    const client = new Redis({ host: '127.0.0.1', port: server.port })
    client.on('error', () => undefined)
    ended.push(() => client.disconnect())
    const warnings: string[] = []
    const stores = redisStores(client, { prefix: 'auth', onWarning: ({ name }) => warnings.push(name) })
    await stores.ready()
    const issuedAt = await aMomentLater()
    const claim = (): Promise<string> =>
      stores.replay.claim({ purpose: 'test', id: 'jti', issuedAgoMs: performance.now() - issuedAt, ttlMs: minute })

    // The other one has the memory of this one, and not the claim.
    await admin.save()
    const copier = new Redis({ host: '127.0.0.1', port: other.port })
    ended.push(() => copier.disconnect())
    await copier.replicaof('127.0.0.1', server.port)
    await expect.poll(() => copier.exists('auth||memory{-}')).toBe(1)
    await copier.replicaof('NO', 'ONE')
    expect(await claim()).toBe('claimed')
    await admin.replicaof('127.0.0.1', other.port)
    await expect.poll(async () => (await admin.info('replication')).includes('master_link_status:up')).toBe(true)
    await admin.replicaof('NO', 'ONE')
    // the connection of before is gone, as after a failover
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await expect.poll(() => stores.ready().then(({ ok }) => ok)).toBe(true)
    expect(await claim()).toBe('unprovable')
    expect(warnings).toContain('memory_distrusted')
  })
})
