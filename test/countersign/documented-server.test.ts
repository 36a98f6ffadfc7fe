import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate } from '@countersign/postgres'
import { Redis } from 'ioredis'
import Database from 'libsql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as postgres from '../postgres/own-server.js'
import { quietPool } from '../postgres/postgres-backend.js'
import * as redis from '../redis/redis-servers.js'
import type { Place } from '../revocation/documented-control.js'
import { bearer, endings, registered } from '../revocation/documented-endings.js'
import { type DocumentedServer, documentedServers } from '../revocation/documented-servers.js'

type Registered = Awaited<ReturnType<typeof registered>>

const jobs = async (server: DocumentedServer, token: string): Promise<number> =>
  (await server.send('GET', '/jobs', { headers: bearer(token) })).status

async function ask(server: DocumentedServer, { id, secret }: Registered): Promise<{ readonly status: number; readonly token: string }> {
  const headers = { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` }
  const { status, body } = await server.send('POST', '/token', { headers, form: { grant_type: 'client_credentials' } })
  return { status, token: String(body.access_token) }
}

const within = async (server: DocumentedServer, token: string, status: number): Promise<void> =>
  expect.poll(() => jobs(server, token), { timeout: 2_000, interval: 20 }).toBe(status)

/** What the README says of its server, on a store that lasts. */
function onLastingStore(place: () => Place, unwritable: { part: string; begin(): Promise<void>; end(): Promise<void> }): void {
  const documented = documentedServers('server')
  afterAll(() => documented.endAll())
  const state: { servers: DocumentedServer[] } = { servers: [] }
  beforeAll(async () => {
    state.servers = [await documented.start(place()), await documented.start(place())]
  }, 60_000)
  const both = (): readonly [DocumentedServer, DocumentedServer] => state.servers as [DocumentedServer, DocumentedServer]

  it('a client gets a token of one process and uses it at the other', async () => {
    const [here, there] = both()
    const { status, token } = await ask(here, await registered(here))
    expect([status, await jobs(here, token), await jobs(there, token)]).toEqual([200, 200, 200])
    expect((await there.send('GET', '/readyz')).status).toBe(200)
  })

  it('a rotation of the signing key refuses no token, at either process', async () => {
    const [here, there] = both()
    const client = await registered(here)
    const before = await ask(here, client)
    expect(await here.call('newKey')).toMatchObject({ ok: true })
    const after = await ask(here, client)
    expect(await Promise.all([before, after].flatMap(({ token }) => [jobs(here, token), jobs(there, token)]))).toEqual([200, 200, 200, 200])
  })

  it.each(['clients.lock', 'an own key that is revoked'])('%s: refused here at once, and by the other process within 2 s', async (name) => {
    const [here, there] = both()
    const { token, end } = (await endings[name]?.(here)) ?? expect.fail()
    expect([await jobs(here, token), await jobs(there, token)]).toEqual([200, 200])
    await end()
    expect(await jobs(here, token)).toBe(401)
    await within(there, token, 401)
  })

  it('both processes are not ready while the store cannot be written, and name the parts', async () => {
    const parts = ['attempts', 'challenges', 'clients', 'families', unwritable.part, 'replay', 'store'].sort()
    const stateOf = async (server: DocumentedServer): Promise<unknown> => ({
      status: (await server.send('GET', '/readyz')).status,
      notReady: (await server.call<{ server: readonly string[] }>('notReady')).server,
    })
    await unwritable.begin()
    try {
      for (const server of both())
        await expect.poll(() => stateOf(server), { timeout: 8_000, interval: 100 }).toEqual({ status: 503, notReady: parts })
    } finally {
      await unwritable.end()
    }
    for (const server of both())
      await expect.poll(() => stateOf(server), { timeout: 8_000, interval: 100 }).toEqual({ status: 200, notReady: [] })
  }, 60_000)

  it('survives that both processes are killed', async () => {
    const client = await registered(both()[0])
    const { token } = await ask(both()[0], client)
    await Promise.all(both().map((server) => server.end()))
    const again = await documented.start(place())
    expect(await jobs(again, token)).toBe(200)
    expect((await ask(again, client)).status).toBe(200)
  }, 60_000)
}

describe('the server of the README in memory', () => {
  const documented = documentedServers('server')
  afterAll(() => documented.endAll())

  it('serves a client, and forgets everything with its process', async () => {
    const before = await documented.start()
    const client = await registered(before)
    const { status, token } = await ask(before, client)
    expect([status, await jobs(before, token), (await before.send('GET', '/readyz')).status]).toEqual([200, 200, 200])
    await before.end()
    const after = await documented.start()
    expect([(await ask(after, client)).status, await jobs(after, token)]).toEqual([401, 401])
  }, 60_000)
})

describe('the server of the README in one SQLite file', () => {
  const state: { folder: string; other?: Database.Database } = { folder: '' }
  const file = (): string => join(state.folder, 'auth.db')
  beforeAll(async () => {
    state.folder = await mkdtemp(join(tmpdir(), 'countersign-server-'))
  })
  afterAll(async () => {
    state.other?.close()
    await rm(state.folder, { recursive: true, force: true })
  })
  onLastingStore(() => ({ sqlite: file() }), {
    part: 'sqlite',
    // Another program keeps the lock of writers.
    async begin() {
      state.other ??= new Database(file())
      state.other.exec('begin immediate')
    },
    end: async () => void state.other?.exec('rollback'),
  })
})

redis.describeWithServers('the server of the README on Redis', () => {
  const own: { server?: redis.OwnServer; admin?: Redis } = {}
  beforeAll(async () => {
    own.server = await redis.startServer(['maxmemory-policy noeviction', 'appendonly yes', 'appendfsync always'])
    own.admin = new Redis({ host: '127.0.0.1', port: own.server.port })
  })
  afterAll(async () => {
    own.admin?.disconnect()
    await own.server?.remove()
  })
  onLastingStore(() => ({ redis: `redis://127.0.0.1:${own.server?.port}`, prefix: 'server' }), {
    part: 'redis',
    begin: async () => void (await own.admin?.config('SET', 'maxmemory', '1mb')),
    end: async () => void (await own.admin?.config('SET', 'maxmemory', '0')),
  })
})

postgres.describeWithServers('the server of the README on PostgreSQL', () => {
  const own: { server?: postgres.OwnServer } = {}
  beforeAll(async () => {
    own.server = await postgres.startServer()
    const pool = quietPool(own.server.url)
    await migrate(pool, { schema: 'auth' })
    await pool.end()
  }, 60_000)
  afterAll(() => own.server?.remove())

  async function query(...statements: readonly string[]): Promise<void> {
    const pool = quietPool(own.server?.url ?? '', { max: 1 })
    for (const statement of statements) await pool.query(statement)
    await pool.end()
  }

  onLastingStore(() => ({ postgres: own.server?.url ?? '', schema: 'auth' }), {
    part: 'postgres',
    begin: () =>
      query(
        'alter database postgres set default_transaction_read_only = on',
        'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname is not null',
      ),
    end: () => query('set default_transaction_read_only = off', 'alter database postgres set default_transaction_read_only = off'),
  })
})
