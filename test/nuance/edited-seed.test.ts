import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeWithServers, startServer } from '../redis/redis-servers.js'
import { describeWith } from '../services.js'
import { type App, startApp } from './nuance-app.js'
import {
  basic,
  belisle,
  errorOf,
  exchange,
  keysOf,
  operate,
  ping,
  send,
  signed,
  subjectClaims,
  subjectHeader,
  tokenPath,
} from './nuance-requests.js'
import { keyOf, type Pair, rsaPair, type SeedClient, seedClient, writeSeed } from './nuance-seed.js'
import { createDatabase } from './own-database.js'

const pairs = Array.from({ length: 6 }, () => rsaPair())
const [k1, k2, k3, k4, k5, k6] = pairs as [Pair, Pair, Pair, Pair, Pair, Pair]

interface Place {
  readonly env: NodeJS.ProcessEnv
  remove(): Promise<void>
}

const token = (kid: string, key: Pair, changes: Record<string, unknown> = {}): string =>
  signed(key.privateKey, subjectClaims(changes), subjectHeader(kid))
const credentials = { grant_type: 'client_credentials' }

function suite(open: () => Promise<Place>): void {
  const held: { place: Place } = {} as never
  beforeAll(async () => {
    held.place = await open()
  }, 30_000)
  afterAll(() => held.place?.remove())

  async function start(...clients: readonly SeedClient[]): Promise<App> {
    const seed = await writeSeed(...clients)
    const app = await startApp({ ...held.place.env, SEED_FILE: seed.path })
    await seed.remove()
    return app
  }
  /** Starts it with a seed, and ends it afterwards. */
  async function running<T>(clients: readonly SeedClient[], use: (app: App) => Promise<T>): Promise<T> {
    const app = await start(...clients)
    return use(app).finally(() => app.end())
  }

  it('goes on with what was there: tokens, keys of the clients, jtis, what was revoked, and who is locked', async () => {
    const locked = seedClient({ client_id: 'locked', name: 'LOCKED', keys: [keyOf('k1', k3)] })
    const spent = token('k1', k1)
    const before = await running([seedClient({ keys: [keyOf('k1', k1), keyOf('leaked', k2)] }), locked], async (app) => {
      expect((await keysOf(app).add(keyOf('own', k4))).status).toBe(201)
      expect((await keysOf(app).end('leaked', '?reason=compromised')).status).toBe(204)
      expect((await operate(app, 'lock', 'locked')).status).toBe(200)
      return (await exchange(app, spent)).body
    })
    const edited = seedClient({
      keys: [keyOf('k1', k1), keyOf('leaked', k2), keyOf('next', k5)],
      users: ['sacha.belisle', 'new'],
      sites: ['307'],
    })
    await running([edited, locked, seedClient({ client_id: 'another', name: 'ANOTHER' })], async (app) => {
      expect(errorOf(await ping(app, before.access_token))).toBe('200')
      expect(errorOf(await exchange(app, spent))).toBe('400 invalid_grant')
      expect(errorOf(await exchange(app, token('leaked', k2)))).toBe('400 invalid_grant')
      for (const [kid, key] of [
        ['own', k4],
        ['next', k5],
      ] as const)
        expect(errorOf(await exchange(app, token(kid, key, { sub: 'new' })))).toBe('200')
      expect(errorOf(await send(app, tokenPath, { headers: basic('locked', belisle.secret), form: credentials }))).toBe(
        '401 invalid_client',
      )
      expect(errorOf(await send(app, tokenPath, { headers: basic('another', belisle.secret), form: credentials }))).toBe('200')
    })
  })

  it('takes the secret, the users and the clients of the seed that was read last', async () => {
    const seeded = seedClient({ client_id: 'changing', name: 'CHANGING', keys: [keyOf('c', rsaPair())] })
    const gone = seedClient({ client_id: 'gone', name: 'GONE' })
    const ask = (app: App, id: string, secret: string) => send(app, tokenPath, { headers: basic(id, secret), form: credentials })
    const old = await running([seeded, gone], async (app) => {
      const tokens = [await ask(app, 'changing', belisle.secret), await ask(app, 'gone', belisle.secret)]
      return tokens.map(({ body }) => body.access_token)
    })
    await running([{ ...seeded, client_secret: 'another secret' }], async (app) => {
      expect(errorOf(await ask(app, 'changing', belisle.secret))).toBe('401 invalid_client')
      expect(errorOf(await ask(app, 'changing', 'another secret'))).toBe('200')
      expect(errorOf(await ask(app, 'gone', belisle.secret))).toBe('401 invalid_client')
      for (const one of old) await expect.poll(async () => errorOf(await ping(app, one)), { timeout: 2_000 }).toBe('401 invalid_token')
    })
    await running([seeded, gone], async (app) => {
      expect(errorOf(await ask(app, 'changing', belisle.secret))).toBe('200')
      expect(errorOf(await ask(app, 'gone', belisle.secret))).toBe('200')
    })
  })

  it('begins anew with clients of the same ids that have nothing but other keys', async () => {
    const client = (pair: Pair): SeedClient => seedClient({ client_id: 'again', name: 'AGAIN', keys: [keyOf('k', pair)] })
    const again = { id: 'again', secret: belisle.secret }
    const jti = 'the same in every run'
    const first = rsaPair()
    await running([client(first)], async (app) => {
      expect(errorOf(await exchange(app, token('k', first, { iss: 'AGAIN', jti }), { as: again }))).toBe('200')
      expect((await keysOf(app, again).add(keyOf('added', rsaPair()))).status).toBe(201)
      expect((await operate(app, 'lock', 'again')).status).toBe(200)
    })
    const second = rsaPair()
    await running([client(second)], async (app) => {
      expect(errorOf(await exchange(app, token('k', first, { iss: 'AGAIN' }), { as: again }))).toBe('400 invalid_grant')
      expect(errorOf(await exchange(app, token('k', second, { iss: 'AGAIN', jti }), { as: again }))).toBe('200')
      expect((await keysOf(app, again).add(keyOf('added', rsaPair()))).status).toBe(201)
    })
  })

  it('begins anew where a seed contradicts what is there, but brings no revoked key back', async () => {
    const other = rsaPair()
    const client = (...keys: SeedClient['keys']): SeedClient => seedClient({ client_id: 'torn', name: 'TORN', keys })
    const torn = { id: 'torn', secret: belisle.secret }
    await running([client(keyOf('a', k6), keyOf('b', rsaPair()), keyOf('c', other))], async (app) => {
      expect((await keysOf(app, torn).end('c', '?reason=compromised')).status).toBe(204)
    })
    const replacement = rsaPair()
    const edited = client(keyOf('a', k6), keyOf('b', replacement), keyOf('c', other))
    await running([edited], async (app) => {
      expect(app.output()).toContain('SEED_FILE: the key c of torn was refused: revoked\n')
      expect(errorOf(await exchange(app, token('b', replacement, { iss: 'TORN' }), { as: torn }))).toBe('200')
      expect(errorOf(await exchange(app, token('c', other, { iss: 'TORN' }), { as: torn }))).toBe('400 invalid_grant')
      expect(errorOf(await keysOf(app, torn).add(keyOf('d', other)))).toBe('409 key_taken')
    })
  })

  it('takes the times of the seed that was read last: the old key ends when the next one is there', async () => {
    const [old, next] = [rsaPair(), rsaPair()]
    const client = (...keys: SeedClient['keys']): SeedClient => seedClient({ client_id: 'rolling', name: 'ROLLING', keys })
    const as = { id: 'rolling', secret: belisle.secret }
    const tryKey = async (app: App, kid: string, key: Pair) => errorOf(await exchange(app, token(kid, key, { iss: 'ROLLING' }), { as }))
    const { body } = await running([client(keyOf('old', old))], (app) => exchange(app, token('old', old, { iss: 'ROLLING' }), { as }))
    const end = Math.floor(Date.now() / 1000) - 10
    await running([client({ ...keyOf('old', old), expires_at: end }, keyOf('next', next))], async (app) => {
      expect(errorOf(await ping(app, body.access_token))).toBe('200')
      expect(await tryKey(app, 'old', old)).toBe('400 invalid_grant')
      expect(await tryKey(app, 'next', next)).toBe('200')
      expect((await keysOf(app, as).list()).body.keys).toMatchObject([{ state: 'expired', expires_at: end }, { state: 'active' }])
    })
    await running([client(keyOf('old', old), keyOf('next', next))], async (app) => expect(await tryKey(app, 'old', old)).toBe('200'))
  })

  it('goes on after a change to a client that has no keys in the seed', async () => {
    const bare = seedClient({ client_id: 'bare', name: 'BARE', sites: ['1'] })
    const as = { id: 'bare', secret: belisle.secret }
    const own = rsaPair()
    await running([bare], async (app) => expect((await keysOf(app, as).add(keyOf('own', own))).status).toBe(201))
    await running([{ ...bare, sites: ['2'], keys: [keyOf('first', rsaPair())] }], async (app) => {
      const { body } = await exchange(app, token('own', own, { iss: 'BARE' }), { as })
      expect((await ping(app, body.access_token)).body).toMatchObject({ client: 'bare', sites: ['2'] })
    })
  })
}

describe('an edited seed', () => {
  describeWithServers('on one Redis', () =>
    suite(async () => {
      const server = await startServer()
      return { env: { REDIS_URL: `redis://127.0.0.1:${server.port}` }, remove: () => server.remove() }
    }),
  )

  describeWith('postgres', 'on one PostgreSQL', (url) =>
    suite(async () => {
      const database = await createDatabase(url)
      return { env: { DATABASE_URL: database.url }, remove: () => database.remove() }
    }),
  )
})
