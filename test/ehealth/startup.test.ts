import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeWithServers, startServer } from '../redis/redis-servers.js'
import { failToStart, startApp } from './ehealth-app.js'
import { errorOf, nonceOf, redeemAtLogin, redeemBySms } from './ehealth-requests.js'
import { clients, type SeedFile, seedText, writeSeed } from './ehealth-seed.js'

const alone = { NODE_OPTIONS: `--import ${new URL('no-local-redis.js', import.meta.url).href}` }

describe('without what it needs, the example ends with a message and a code', () => {
  it.each([undefined, '', ' ', '0', '-15', 'fifteen', '15 minutes', 'NaN', 'Infinity', '1e300'])('JWT_LOGIN_TTL=%s', async (ttl) => {
    const { code, output } = await failToStart({ ...alone, JWT_LOGIN_TTL: ttl })
    expect(code).toBe(1)
    expect(output).toMatch(/^JWT_LOGIN_TTL is required: .* positive number.*\n$/)
  })

  const key = 'no key'
  it.each<[name: string, text: string, message: RegExp]>([
    ['that is no JSON', '{', /^SEED_FILE is no seed: it is not JSON\n$/],
    ['that is another document', '{"users":[]}', /^SEED_FILE is no seed: .*clients/s],
    [
      'with a client without a UUID',
      seedText({ clients: [{ client_id: 'x', client_type: 'MSP' }] }),
      /^SEED_FILE is no seed: .*client_id/s,
    ],
    [
      'with a signer without a key',
      seedText({ signers: [{ kid: 'k', tax_id: '1', public_key_pem: key }] }),
      /^SEED_FILE: the key of the signer k was refused/,
    ],
    [
      'with two signers of one kid',
      seedText({ signers: [0, 1].map(() => ({ kid: 'k', tax_id: '1', public_key_pem: key })) }),
      /^SEED_FILE: two signers/,
    ],
  ])('a SEED_FILE %s', async (_name, text, message) => {
    const seed = await writeSeed(text)
    const { code, output } = await failToStart({ ...alone, JWT_LOGIN_TTL: '15', SEED_FILE: seed.path })
    await seed.remove()
    expect(code).toBe(1)
    expect(output).toMatch(message)
    expect(output).not.toContain('    at ')
  })

  it('a SEED_FILE that is not there', async () => {
    const { code, output } = await failToStart({ ...alone, JWT_LOGIN_TTL: '15', SEED_FILE: '/no/such/file' })
    expect(code).toBe(1)
    expect(output).toMatch(/^SEED_FILE cannot be read: /)
  })

  it('a JWT_SECRET shorter than its hash', async () => {
    const { code, output } = await failToStart({ ...alone, JWT_LOGIN_TTL: '15', JWT_SECRET: 'x'.repeat(63) })
    expect(code).toBe(1)
    expect(output).toMatch(/^JWT_SECRET is too short/)
  })

  it('a PORT that is none', async () => {
    const { code, output } = await failToStart({ ...alone, JWT_LOGIN_TTL: '15', PORT: 'http' })
    expect(code).toBe(1)
    expect(output).toMatch(/^PORT is/)
  })
})

describe('where no Redis is', () => {
  const seed: { file?: SeedFile } = {}
  beforeAll(async () => {
    seed.file = await writeSeed()
  })
  afterAll(() => seed.file?.remove())

  it('it says so, keeps nonces in memory, serves, and ends on SIGTERM', async () => {
    const app = await startApp({ ...alone, SEED_FILE: seed.file?.path })
    expect(app.output()).toContain('no Redis: nonces are kept in the memory of this process\n')
    const token = await nonceOf(app)
    expect((await redeemBySms(app, token)).status).toBe(200)
    expect((await redeemAtLogin(app, token)).status).toBe(201)
    expect(errorOf(await redeemAtLogin(app, token))).toBe('401 jwt_invalid JWT is invalid.')
    expect(await app.end()).toBe(0)
  })

  it('but one is named, it starts, answers 503, and is there when Redis is', async () => {
    const server = await startServer()
    await server.stop()
    const app = await startApp({ ...alone, SEED_FILE: seed.file?.path, REDIS_URL: `redis://127.0.0.1:${server.port}` })
    expect(app.output()).not.toContain('memory of this process')
    await expect(nonceOf(app)).rejects.toThrow('503')
    await server.start()
    await expect.poll(() => nonceOf(app).then(() => 'issued', String), { timeout: 5_000 }).toBe('issued')
    expect(await app.end()).toBe(0)
    await server.remove()
  })
})

describeWithServers('where Redis is', () => {
  it('processes with one seed share nonces, whichever secret they were not given; with another seed nothing is shared', async () => {
    const server = await startServer()
    const [one, other] = [await writeSeed(), await writeSeed(seedText({ users: [] }))]
    const REDIS_URL = `redis://127.0.0.1:${server.port}`
    const apps = await Promise.all([one, one, other].map((seed) => startApp({ SEED_FILE: seed.path, REDIS_URL })))
    const [first, second, third] = apps as [(typeof apps)[0], (typeof apps)[0], (typeof apps)[0]]
    expect(first.output()).toContain('no JWT_SECRET')
    const token = await nonceOf(first)
    expect(errorOf(await redeemBySms(third, token))).toBe('401 jwt_invalid JWT is invalid.')
    expect((await redeemBySms(second, token)).status).toBe(200)
    expect(errorOf(await redeemBySms(first, token))).toBe('401 jwt_invalid JWT is invalid.')
    await nonceOf(third, clients.pis)
    const redis = new Redis(REDIS_URL)
    const prefixes = new Set((await redis.keys('*')).map((key) => key.split('|')[0]))
    redis.disconnect()
    expect(prefixes).toEqual(new Set([`ehealth:${one.digest}`, `ehealth:${other.digest}`]))
    expect(await Promise.all(apps.map((app) => app.end()))).toEqual([0, 0, 0])
    await server.remove()
    for (const seed of [one, other]) await seed.remove()
  })

  it('a given JWT_SECRET signs, and says nothing', async () => {
    const server = await startServer()
    const env = { REDIS_URL: `redis://127.0.0.1:${server.port}` }
    const [one, other] = [await startApp({ ...env, JWT_SECRET: 'a'.repeat(64) }), await startApp({ ...env, JWT_SECRET: 'b'.repeat(64) })]
    expect(one.output()).not.toContain('JWT_SECRET')
    const demo = { ...clients.msp, id: '30074b6e-fbab-4dc1-9d37-88c21dab1847' } as unknown as typeof clients.msp
    expect(errorOf(await redeemBySms(other, await nonceOf(one, demo)))).toBe('401 jwt_invalid JWT is invalid.')
    expect((await redeemBySms(one, await nonceOf(one, demo))).status).toBe(200)
    await Promise.all([one.end(), other.end()])
    await server.remove()
  })
})
