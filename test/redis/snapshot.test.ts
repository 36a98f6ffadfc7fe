import type { Stores } from '@countersign/core'
import { type RedisWarning, redisStores } from '@countersign/redis'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWithServers, type OwnServer, startServer } from './redis-servers.js'

const minute = 60_000
const family = { family: 'family', binding: 'binding', data: 'data', ttlMs: minute }

describeWithServers('a Redis server that comes back with an old snapshot', () => {
  const servers: OwnServer[] = []
  const clients: Redis[] = []
  const connect = (): Redis => {
    const client = new Redis({ host: '127.0.0.1', port: servers[0]?.port ?? 0, retryStrategy: () => 20 })
    client.on('error', () => undefined)
    clients.push(client)
    return client
  }

  beforeAll(async () => {
    servers.push(await startServer())
  })
  afterAll(async () => {
    for (const client of clients) client.disconnect()
    for (const server of servers) await server.remove()
  })

  async function rollBack(client: Redis, stores: Stores, meanwhile: () => Promise<void>): Promise<void> {
    await client.save()
    await meanwhile()
    await servers[0]?.kill()
    await servers[0]?.start()
    await expect.poll(() => stores.ready().then(({ ok }) => ok)).toBe(true)
  }

  it('is noticed by claims, nonces, families and readers of revocations', async () => {
    const client = connect()
    const warnings: RedisWarning[] = []
    const stores = redisStores(client, { prefix: 'snapshot', onWarning: (warning) => warnings.push(warning) })
    await stores.ready()
    await stores.families.create(family)
    for (const jti of ['lost', 'kept']) await stores.nonces.remember(jti, { clientId: 'client', ttlMs: minute })
    expect(await stores.nonces.spend('kept', 'one')).toBe('spent')
    const kept = await stores.revocations.revoke({ type: 'client', issuer: 'issuer', clientId: 'kept' })
    const issuedAt = performance.now()
    const lost: { cursor: string } = { cursor: '' }
    const claim = (): Promise<string> =>
      stores.replay.claim({ purpose: 'test', id: 'lost', issuedAgoMs: performance.now() - issuedAt, ttlMs: minute })

    await rollBack(client, stores, async () => {
      expect(await claim()).toBe('claimed')
      expect(await stores.nonces.spend('lost', 'one')).toBe('spent')
      await stores.families.rotate({ ...family, generation: 0, retryWindowMs: 0 })
      lost.cursor = await stores.revocations.revoke({ type: 'client', issuer: 'issuer', clientId: 'lost' })
    })

    expect(await claim()).toBe('unprovable')
    expect(await stores.nonces.spend('lost', 'one')).toBe('unknown')
    expect(await stores.nonces.spend('kept', 'one')).toBe('replayed')
    expect(await stores.nonces.spend('kept', 'two')).toBe('unknown')
    await stores.nonces.remember('next', { clientId: 'client', ttlMs: minute })
    expect(await stores.nonces.spend('next', 'one')).toBe('spent')
    expect(await stores.families.rotate({ ...family, generation: 1, retryWindowMs: 0 })).toEqual({ outcome: 'ahead' })
    expect(await stores.revocations.since(kept)).toMatchObject({ lost: false, records: [] })
    expect(await stores.revocations.since(lost.cursor)).toMatchObject({ lost: true, records: [{ cursor: kept }] })
    const next = await stores.revocations.revoke({ type: 'client', issuer: 'issuer', clientId: 'next' })
    expect(stores.revocations.compare(next, lost.cursor)).toBeGreaterThan(0)
    expect(await stores.revocations.since(lost.cursor)).toMatchObject({ lost: true })
    expect(await stores.revocations.since(kept)).toMatchObject({ lost: false, records: [{ cursor: next }] })
    expect(warnings.map(({ name }) => name)).toContain('memory_distrusted')
    await stores.close()
  })
})
