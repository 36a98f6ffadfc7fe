import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWithServers, type OwnServer, startServer } from '../redis/redis-servers.js'
import { type App, startApp } from './nuance-app.js'
import {
  basic,
  belisle,
  errorOf,
  exchange,
  keysOf,
  refusalOf,
  seconds,
  send,
  signed,
  subjectClaims,
  subjectHeader,
  tokenPath,
} from './nuance-requests.js'
import { keyOf, rsaPair, type SeedFile, seedClient, writeSeed } from './nuance-seed.js'

const pair = rsaPair()
const token = (changes: object = {}): string => signed(pair.privateKey, subjectClaims({ ...changes }), subjectHeader('k1'))

describeWithServers('while Redis is away', () => {
  const running: { app: App; redis: OwnServer; seed: SeedFile } = {} as never
  beforeAll(async () => {
    running.redis = await startServer(['appendonly yes'])
    running.seed = await writeSeed(seedClient({ keys: [keyOf('k1', pair)] }))
    running.app = await startApp({ SEED_FILE: running.seed.path, REDIS_URL: `redis://127.0.0.1:${running.redis.port}` })
  })
  afterAll(async () => {
    await running.app?.end()
    await running.redis?.remove()
    await running.seed?.remove()
  })

  it('everything that needs it is 503, never 401 and never a success', async () => {
    const [one, used] = [token(), token()]
    expect(errorOf(await exchange(running.app, used))).toBe('200')
    await running.redis.stop()
    const startedAt = performance.now()
    expect(await refusalOf(running.app, () => exchange(running.app, one))).toBe('503 temporarily_unavailable unavailable')
    const form = { grant_type: 'client_credentials' }
    const credentials = await send(running.app, tokenPath, { headers: basic(belisle.id, belisle.secret), form })
    expect([credentials.status, credentials.headers.has('retry-after')]).toEqual([503, true])
    expect((await keysOf(running.app).list()).status).toBe(503)
    expect(performance.now() - startedAt).toBeLessThan(4_000)
    await running.redis.start()
    await expect.poll(() => exchange(running.app, token()).then(errorOf), { timeout: 5_000 }).toBe('200')
    expect(await refusalOf(running.app, () => exchange(running.app, used))).toBe('400 invalid_grant assertion_replayed')
  })

  it('a subject token from before a restart of Redis is refused, for it may have been used; one from before everything is not', async () => {
    const wait = (ms: number): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, ms))
    await wait(2_000)
    // Clocks may differ by 5 s: this one was issued two seconds ago at the earliest, which is after the app was started.
    const ahead = token({ iat: seconds() + 4, nbf: undefined, exp: seconds() + 300 })
    await wait(1_000)
    await running.redis.stop()
    await running.redis.start()
    const old = token({ iat: seconds() - 3600, nbf: seconds() - 3600, exp: seconds() + 300 })
    await expect.poll(() => exchange(running.app, old).then(errorOf), { timeout: 5_000 }).toBe('200')
    expect(await refusalOf(running.app, () => exchange(running.app, ahead))).toBe('400 invalid_grant assertion_unprovable')
  })
})
