import { randomBytes } from 'node:crypto'
import type { Endpoint, Stores } from '@countersign/core'
import { migrate, postgresStores } from '@countersign/postgres'
import { redisStores } from '@countersign/redis'
import { sqliteStores } from '@countersign/sqlite'
import { createAuthorizationServer, memoryStores } from 'countersign'
import { Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import { quietPool, schemasOf } from '../postgres/postgres-backend.js'
import { describeWith } from '../services.js'
import { drivers } from '../sqlite/drivers.js'
import { newPlace, removePlace, type SqlitePlace } from '../sqlite/sqlite-backend.js'
import { answerOf, newClient, options, servers } from './server-setup.js'

const all = servers()
afterAll(() => all.closeAll())
const form = { grant_type: 'client_credentials' }

/** Milliseconds until a promise settles. */
async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

describe('close', () => {
  it('waits for a request that has begun, and answers it', async () => {
    const stores = memoryStores()
    const held: { readonly releases: (() => void)[]; isHeld: boolean; closed?: boolean } = { releases: [], isHeld: true }
    const attempts: Stores['attempts'] = {
      ...stores.attempts,
      async reserve(...args) {
        if (held.isHeld) await new Promise<void>((resolve) => held.releases.push(resolve))
        return stores.attempts.reserve(...args)
      },
    }
    const server = all.create({ stores: { ...stores, attempts } })
    const basic = await newClient(server)
    const answer = answerOf(server.routes, 'POST', '/token', { form, basic })
    await expect.poll(() => held.releases.length).toBeGreaterThan(0)
    const closing = server.close().then(() => {
      held.closed = true
    })
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(held.closed).toBeUndefined()
    held.isHeld = false
    for (const release of held.releases) release()
    expect((await answer)?.status).toBe(200)
    await closing
  })

  it('does not wait for ever for a client that never sends its form', async () => {
    const server = all.create()
    const endpoint = server.routes.find(({ path }) => path === '/token')?.endpoint as Endpoint
    const never: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => undefined) }) }
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    void endpoint({ method: 'POST', url: '/token', headers, stream: never }).catch(() => undefined)
    expect(await timeOf(() => server.close())).toBeLessThan(7_000)
  }, 20_000)

  it('closes every part, also where one cannot be closed, and rejects with the first error', async () => {
    const stores = memoryStores()
    const closed: string[] = []
    const server = createAuthorizationServer({
      ...options(),
      stores: {
        ...stores,
        async close() {
          closed.push('stores')
          throw new Error('the stores')
        },
      },
    })
    Object.assign(server.keys, { close: () => Promise.reject(new Error('the keys')) })
    Object.assign(server.guard, {
      close() {
        throw new Error('the guard')
      },
    })
    await server.ready()
    await expect(server.close()).rejects.toThrow('the guard')
    expect(closed).toEqual(['stores'])
    expect((await server.revocations.ready()).ok).toBe(false)
    await stores.close()
  })

  /** A store of keys that never answers. */
  const withoutKeys = (): Stores => {
    const stores = memoryStores()
    const never = (): Promise<never> => new Promise(() => undefined)
    const keys = Object.fromEntries(
      Object.entries(stores.keys).map(([name, one]) => [name, typeof one === 'function' && name !== 'subscribe' ? never : one]),
    )
    return { ...stores, keys: keys as unknown as Stores['keys'] }
  }

  it('does not wait for ever for the first key', async () => {
    const server = createAuthorizationServer({ ...options(), stores: withoutKeys() })
    expect(await timeOf(() => server.close())).toBeLessThan(7_000)
  }, 20_000)

  it('only the token endpoint waits for the first key', async () => {
    const server = createAuthorizationServer({ ...options(), stores: withoutKeys() })
    const basic = await newClient(server)
    const ended: string[] = []
    const ask = (path: string, more: Record<string, string>): Promise<unknown> =>
      answerOf(server.routes, 'POST', path, { form: more, basic }).then(
        (answer) => ended.push(`${path} ${answer?.status}`),
        () => ended.push(`${path} failed`),
      )
    void ask('/token', form)
    await ask('/revoke', { token: 'r1.unknown' })
    await ask('/introspect', { token: 'r1.unknown' })
    expect(ended).toEqual(['/revoke 200', '/introspect 200'])
    await server.close()
  }, 20_000)

  it('admits nothing afterwards, because it learns of no revocation any more', async () => {
    const server = all.create({ revocations: { onStale: 'allow' } })
    const basic = await newClient(server)
    const token = String((await answerOf(server.routes, 'POST', '/token', { form, basic }))?.body.access_token)
    const request = { method: 'GET', url: '/', headers: { authorization: `Bearer ${token}` } }
    expect((await server.guard.check({ ...request })).ok).toBe(true)
    await server.close()
    expect(await server.guard.check({ ...request })).toMatchObject({ ok: false, reason: 'revocation_unavailable', reply: { status: 503 } })
  })

  it('may be called twice', async () => {
    const server = all.create()
    await Promise.all([server.close(), server.close()])
    await server.close()
  })
})

/** The host's own pool or client, and the stores on it. */
interface Opened {
  readonly stores: Stores
  end(): Promise<unknown>
}

function inAnyOrder(open: () => Promise<Opened>): void {
  it.each([
    ['the server first', ['server', 'pool']],
    ['the pool first', ['pool', 'server']],
  ])(
    '%s',
    async (_name, order) => {
      const { stores, end } = await open()
      const server = all.create({ stores })
      const basic = await newClient(server, `client-${randomBytes(6).toString('hex')}`)
      expect((await server.ready()).ok).toBe(true)
      expect((await answerOf(server.routes, 'POST', '/token', { form, basic }))?.status).toBe(200)
      const ends: Readonly<Record<string, () => Promise<unknown>>> = { server: () => server.close(), pool: end }
      for (const name of order) expect(await timeOf(async () => ends[name]?.())).toBeLessThan(3_000)
    },
    20_000,
  )

  it('both at once, with requests that have begun', async () => {
    const { stores, end } = await open()
    const server = all.create({ stores })
    const basic = await newClient(server, `client-${randomBytes(6).toString('hex')}`)
    await server.ready()
    const answers = Array.from({ length: 16 }, () => answerOf(server.routes, 'POST', '/token', { form, basic }))
    const ended = Promise.all([server.close(), end()])
    const statuses = (await Promise.allSettled(answers)).map((one) => (one.status === 'fulfilled' ? one.value?.status : 503))
    expect(statuses.filter((status) => status !== 200 && status !== 503)).toEqual([])
    expect(await timeOf(() => ended)).toBeLessThan(6_000)
  }, 20_000)
}

describeWith('postgres', 'close, and a pool of PostgreSQL', (url) => {
  const admin = quietPool(url)
  const schemas = schemasOf(admin)
  const made: string[] = []
  afterAll(async () => {
    for (const schema of made) await schemas.drop(schema)
    await admin.end()
  })
  inAnyOrder(async () => {
    const schema = await schemas.create()
    made.push(schema)
    const pool = quietPool(url, { max: 4 })
    await migrate(pool, { schema })
    return { stores: postgresStores(pool, { schema }), end: () => pool.end() }
  })
})

describeWith('redis', 'close, and a client of Redis', (url) => {
  inAnyOrder(async () => {
    const client = new Redis(url)
    client.on('error', () => undefined)
    const prefix = `close-${randomBytes(6).toString('hex')}`
    return { stores: redisStores(client, { prefix, onWarning: () => undefined }), end: () => client.quit().catch(() => undefined) }
  })
})

describe.each(drivers)('close, and a database that the host opened, through $name', ({ open }) => {
  const places: SqlitePlace[] = []
  afterAll(async () => {
    for (const place of places) await removePlace(place)
  })
  inAnyOrder(async () => {
    const place = await newPlace()
    places.push(place)
    const database = open(place.file)
    return { stores: sqliteStores(database), end: async () => database.close() }
  })
})
