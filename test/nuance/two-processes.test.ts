import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeWithServers, startServer } from '../redis/redis-servers.js'
import { describeWith } from '../services.js'
import { type App, startApp } from './nuance-app.js'
import {
  type As,
  basic,
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
import { keyOf, rsaPair, type SeedFile, seedClient, writeSeed } from './nuance-seed.js'
import { createDatabase } from './own-database.js'

const [pair, leaked] = [rsaPair(), rsaPair()]
const locked: As = { id: 'locked', secret: 'secret-of-locked' }

interface Place {
  readonly env: NodeJS.ProcessEnv
  remove(): Promise<void>
}

const token = (kid = 'k1', key = pair, changes: object = {}): string =>
  signed(key.privateKey, subjectClaims({ ...changes }), subjectHeader(kid))

function suite(open: () => Promise<Place>): void {
  const running: { place: Place; seed: SeedFile; apps: readonly [App, App] } = {} as never
  const env = (): NodeJS.ProcessEnv => ({ ...running.place.env, SEED_FILE: running.seed.path })
  const everywhere = async (tokenToTry: string): Promise<readonly string[]> =>
    Promise.all(running.apps.map((app) => ping(app, tokenToTry).then(errorOf)))

  beforeAll(async () => {
    running.place = await open()
    running.seed = await writeSeed(
      seedClient({ keys: [keyOf('k1', pair), keyOf('leaked', leaked)] }),
      seedClient({ client_id: locked.id, client_secret: locked.secret, name: 'LOCKED' }),
    )
    // At once: both find the store empty.
    running.apps = await Promise.all([startApp(env()), startApp(env())])
  }, 30_000)
  afterAll(async () => {
    await Promise.all((running.apps ?? []).map((app) => app.end()))
    await running.seed?.remove()
    await running.place?.remove()
  })

  it('start on an empty store at once, and take each other’s tokens', async () => {
    const { body } = await exchange(running.apps[0], token())
    expect(await everywhere(body.access_token)).toEqual(['200', '200'])
    const jwks = await Promise.all(running.apps.map((app) => send(app, '/oauth-server/.well-known/jwks.json')))
    expect(jwks[0]?.text).toBe(jwks[1]?.text)
  })

  it('spend one jti once, of 64 requests at once to both', async () => {
    for (let round = 0; round < 3; round += 1) {
      const one = token()
      const answers = await Promise.all(Array.from({ length: 64 }, (_, at) => exchange(running.apps[at % 2 ? 1 : 0], one)))
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
      expect(new Set(answers.filter(({ status }) => status !== 200).map(errorOf))).toEqual(new Set(['400 invalid_grant']))
    }
  })

  it('burn nothing with a request to one that the other would have to know of', async () => {
    const jti = randomUUID()
    expect(errorOf(await exchange(running.apps[0], token('k1', pair, { jti, aud: 'OTHER' })))).toBe('400 invalid_grant')
    expect(errorOf(await exchange(running.apps[0], token('k1', pair, { jti }), { form: { scope: 'write' } }))).toBe('400 invalid_scope')
    expect(errorOf(await exchange(running.apps[1], token('k1', pair, { jti })))).toBe('200')
  })

  it('take a key that was registered at the other one', async () => {
    const fresh = rsaPair()
    expect((await keysOf(running.apps[0]).add(keyOf('fresh', fresh))).status).toBe(201)
    expect(errorOf(await exchange(running.apps[1], token('fresh', fresh)))).toBe('200')
  })

  it('refuse a compromised key at its next use, and its tokens within 2 s, also those that they know', async () => {
    const { body } = await exchange(running.apps[1], token('leaked', leaked))
    expect(await everywhere(body.access_token)).toEqual(['200', '200'])
    const startedAt = performance.now()
    expect((await keysOf(running.apps[0]).end('leaked', '?reason=compromised')).status).toBe(204)
    for (const app of running.apps) expect(errorOf(await exchange(app, token('leaked', leaked)))).toBe('400 invalid_grant')
    await expect
      .poll(() => everywhere(body.access_token), { timeout: 2_500, interval: 20 })
      .toEqual(['401 invalid_token', '401 invalid_token'])
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  })

  it('end everything of a client that was locked at the other one within 2 s, and let it come back', async () => {
    const ask = (app: App) => send(app, tokenPath, { headers: basic(locked.id, locked.secret), form: { grant_type: 'client_credentials' } })
    const { body } = await ask(running.apps[1])
    expect(await everywhere(body.access_token)).toEqual(['200', '200'])
    const startedAt = performance.now()
    expect((await operate(running.apps[0], 'lock', 'locked')).status).toBe(200)
    for (const app of running.apps) expect(errorOf(await ask(app))).toBe('401 invalid_client')
    await expect
      .poll(() => everywhere(body.access_token), { timeout: 2_500, interval: 20 })
      .toEqual(['401 invalid_token', '401 invalid_token'])
    expect(performance.now() - startedAt).toBeLessThan(2_000)
    expect((await operate(running.apps[1], 'unlock', 'locked')).status).toBe(200)
    // Until the other process has heard of it, the client is refused there: no token is issued that guards would refuse.
    const answers: Awaited<ReturnType<typeof ask>>[] = []
    const again = async (): Promise<number> => answers.unshift(await ask(running.apps[0])) && (answers[0]?.status ?? 0)
    await expect.poll(again, { timeout: 2_500 }).toBe(200)
    expect(answers.slice(1).filter(({ status }) => status !== 401)).toEqual([])
    const anew = answers[0]?.body.access_token ?? ''
    await expect.poll(() => everywhere(anew), { timeout: 2_500 }).toEqual(['200', '200'])
    expect(await everywhere(body.access_token)).toEqual(['401 invalid_token', '401 invalid_token'])
  })

  it('forget nothing when they are started again', async () => {
    const spent = token()
    const { body } = await exchange(running.apps[0], spent)
    expect(await Promise.all(running.apps.map((app) => app.end()))).toEqual([0, 0])
    running.apps = await Promise.all([startApp(env()), startApp(env())])
    expect(await everywhere(body.access_token)).toEqual(['200', '200'])
    expect(errorOf(await exchange(running.apps[1], spent))).toBe('400 invalid_grant')
    expect(errorOf(await exchange(running.apps[1], token('leaked', leaked)))).toBe('400 invalid_grant')
    expect(errorOf(await exchange(running.apps[1], token()))).toBe('200')
  })
}

describe('two processes', () => {
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
