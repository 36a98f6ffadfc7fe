import { migrate } from '@countersign/postgres'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import * as postgres from '../postgres/own-server.js'
import { quietPool } from '../postgres/postgres-backend.js'
import * as redis from '../redis/redis-servers.js'
import type { Place } from '../revocation/documented-control.js'
import { type DocumentedServer, documentedServers } from '../revocation/documented-servers.js'

const allStores = ['attempts', 'challenges', 'families', 'replay']
const ready = { guard: [], keys: [], tokenEndpoint: [], nonces: [], stores: [] }
/** Where the store can be read and not be written: a guard only reads. */
const unwritable = (part: string) => ({
  guard: [],
  keys: ['store'],
  tokenEndpoint: [...allStores.slice(0, 2), 'clients', ...allStores.slice(2)],
  nonces: ['store'],
  stores: [part],
})

/** What a load balancer is told, and what the parts say. */
async function stateOf(server: DocumentedServer): Promise<unknown> {
  const { status } = await server.send('GET', '/readyz')
  return { status, notReady: await server.call('notReady') }
}

/** Both processes come to this within a few seconds. */
async function expectOf(servers: readonly DocumentedServer[], state: unknown): Promise<void> {
  for (const server of servers) await expect.poll(() => stateOf(server), { timeout: 8_000, interval: 100 }).toEqual(state)
}

function twoProcesses(place: () => Promise<Place>): { readonly servers: () => readonly DocumentedServer[] } {
  const documented = documentedServers()
  const state: { servers: readonly DocumentedServer[] } = { servers: [] }
  beforeAll(async () => {
    const where = await place()
    state.servers = [await documented.start(where), await documented.start(where)]
  }, 60_000)
  beforeEach(() => expectOf(state.servers, { status: 200, notReady: ready }))
  afterAll(() => documented.endAll())
  return { servers: () => state.servers }
}

redis.describeWithServers('two processes with the program of the README on Redis', () => {
  const own: redis.OwnServer[] = []
  const admins: Redis[] = []
  const { servers } = twoProcesses(async () => {
    own.push(await redis.startServer(['maxmemory-policy noeviction']), await redis.startServer())
    for (const { port } of own) admins.push(new Redis({ host: '127.0.0.1', port, retryStrategy: () => 50 }))
    for (const admin of admins) admin.on('error', () => undefined)
    return { redis: `redis://127.0.0.1:${own[0]?.port}`, prefix: 'readiness' }
  })
  afterAll(async () => {
    for (const admin of admins) admin.disconnect()
    for (const server of own) await server.remove()
  })
  const admin = (): Redis => admins[0] ?? expect.fail()

  it('a failover that leaves the connections open takes both out of service; a promotion brings them back', async () => {
    await admin().replicaof('127.0.0.1', own[1]?.port ?? 0)
    await expectOf(servers(), { status: 503, notReady: unwritable('redis') })
    await admin().replicaof('NO', 'ONE')
    await expectOf(servers(), { status: 200, notReady: ready })
  }, 60_000)

  it('full memory does too, until there is room', async () => {
    await admin().config('SET', 'maxmemory', '1mb')
    await expectOf(servers(), { status: 503, notReady: unwritable('redis') })
    await admin().config('SET', 'maxmemory', '0')
    await expectOf(servers(), { status: 200, notReady: ready })
  }, 60_000)

  it('a server that is gone takes the guard out of service as well: it has neither our keys nor what was revoked', async () => {
    await own[0]?.kill()
    for (const server of servers())
      await expect
        .poll(() => stateOf(server), { timeout: 8_000 })
        .toMatchObject({ status: 503, notReady: { guard: ['own', 'revocations'] } })
    await own[0]?.start()
    await expectOf(servers(), { status: 200, notReady: ready })
  }, 60_000)
})

postgres.describeWithServers('two processes with the program of the README on PostgreSQL', () => {
  const own: { server?: postgres.OwnServer } = {}
  const { servers } = twoProcesses(async () => {
    own.server = await postgres.startServer()
    const pool = quietPool(own.server.url)
    await migrate(pool, { schema: 'auth' })
    await pool.end()
    return { postgres: own.server.url, schema: 'auth' }
  })
  afterAll(() => own.server?.remove())

  async function query(...statements: readonly string[]): Promise<void> {
    const pool = quietPool(own.server?.url ?? '', { max: 1 })
    for (const statement of statements) await pool.query(statement)
    await pool.end()
  }

  it('a database that is read-only takes both out of service, until it can be written', async () => {
    await query(
      'alter database postgres set default_transaction_read_only = on',
      'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname is not null',
    )
    await expectOf(servers(), { status: 503, notReady: unwritable('postgres') })
    await query('set default_transaction_read_only = off', 'alter database postgres set default_transaction_read_only = off')
    await expectOf(servers(), { status: 200, notReady: ready })
  }, 60_000)

  it('so does a schema that is older than the release', async () => {
    await query('update auth.migrations set version = version - 100')
    await expectOf(servers(), { status: 503, notReady: unwritable('postgres') })
    await query('update auth.migrations set version = version + 100')
    await expectOf(servers(), { status: 200, notReady: ready })
  }, 60_000)
})

describe('the program of the README, in memory', () => {
  const documented = documentedServers()
  afterAll(() => documented.endAll())
  it('is ready', async () => {
    const server = await documented.start()
    expect(await stateOf(server)).toEqual({ status: 200, notReady: ready })
  }, 60_000)
})
