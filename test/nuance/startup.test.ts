import { writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import Koa from 'koa'
import request from 'supertest'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { errorPages } from '../../examples/nuance/dist/error-pages.js'
import { failToStart, operatorToken, startApp } from './nuance-app.js'
import {
  basic,
  belisle,
  errorOf,
  exchange,
  keysOf,
  operate,
  send,
  signed,
  subjectClaims,
  subjectHeader,
  tokenPath,
} from './nuance-requests.js'
import { keyOf, rsaPair, type SeedFile, seedClient, writeSeed } from './nuance-seed.js'

const pair = rsaPair()
const file: { seed: SeedFile } = {} as never
beforeAll(async () => {
  file.seed = await writeSeed(seedClient({ keys: [keyOf('k1', pair)] }))
})
afterAll(() => file.seed.remove())

describe('the example ends with a message and a code', () => {
  it.each<[name: string, env: NodeJS.ProcessEnv, message: RegExp]>([
    ['a PORT that is none', { PORT: 'http' }, /^PORT is/],
    ['a short APP_SECRET', { APP_SECRET: 'x'.repeat(31) }, /^APP_SECRET is too short/],
    ['a short OPERATOR_TOKEN', { OPERATOR_TOKEN: 'x' }, /^OPERATOR_TOKEN is/],
    ['a LOG_REFUSALS that is neither', { LOG_REFUSALS: 'yes' }, /^LOG_REFUSALS is/],
    ['a SEED_FILE that is not there', { SEED_FILE: '/no/such/file' }, /^SEED_FILE cannot be read/],
    ['a Redis that is not there', { REDIS_URL: 'redis://127.0.0.1:1' }, /the store cannot be used/],
    ['a PostgreSQL that is not there', { DATABASE_URL: 'postgres://127.0.0.1:1/x' }, /the store cannot be used/],
  ])('for %s', async (_name, env, message) => {
    const { code, output } = await failToStart({ SEED_FILE: file.seed.path, ...env })
    expect(code).toBe(1)
    expect(output).toMatch(message)
    expect(output).not.toContain('    at ')
  })

  it.each<[name: string, text: string, message: RegExp]>([
    ['that is no JSON', '{', /^SEED_FILE is no seed: it is not JSON\n$/],
    ['without clients', '{}', /^SEED_FILE is no seed: .*clients/s],
    ['with a client without a secret', '{"clients":[{"client_id":"a","name":"A"}]}', /client_secret/],
    ['with two clients of one id', JSON.stringify({ clients: [seedClient(), seedClient()] }), /^SEED_FILE: two clients/],
    ['with another rule for jti', JSON.stringify({ clients: [seedClient({ jti: 'twice' as 'once' })] }), /jti/],
  ])('for a SEED_FILE %s', async (_name, text, message) => {
    const seed = await writeSeed()
    await writeFile(seed.path, text)
    const { code, output } = await failToStart({ SEED_FILE: seed.path })
    await seed.remove()
    expect(code).toBe(1)
    expect(output).toMatch(message)
  })
})

describe('the example', () => {
  it('starts with nothing but a seed, says what it has made up, serves, and ends on SIGTERM', async () => {
    const app = await startApp({ SEED_FILE: file.seed.path, OPERATOR_TOKEN: undefined })
    expect(app.output()).toContain('kept in the memory of this process\n')
    expect(app.output()).toContain('no APP_SECRET')
    const token = /^no OPERATOR_TOKEN: this process takes (\S{32})$/m.exec(app.output())?.[1] ?? ''
    expect(errorOf(await exchange(app, signed(pair.privateKey, subjectClaims(), subjectHeader('k1'))))).toBe('200')
    expect(errorOf(await operate(app, 'lock', 'belisle'))).toBe('401 unauthorized')
    expect(errorOf(await operate(app, 'lock', 'belisle', token))).toBe('200')
    expect(await app.end()).toBe(0)
  })

  it('says nothing of what it was given, and logs no refusals into a pipe unasked', async () => {
    const app = await startApp({ SEED_FILE: file.seed.path, APP_SECRET: 'x'.repeat(32), LOG_REFUSALS: undefined })
    expect(errorOf(await exchange(app, 'x'))).toBe('400 invalid_grant')
    expect(app.output()).not.toContain('refused')
    expect(app.output()).not.toContain('no APP_SECRET')
    expect(app.output()).not.toContain(operatorToken)
    expect(await app.end()).toBe(0)
  })

  it('starts without a seed: its first client registers a key of its own', async () => {
    const app = await startApp({})
    const first = { id: 'belisle', secret: 'for-a-first-try-only' }
    expect((await keysOf(app, first).add(keyOf('mine', pair))).status).toBe(201)
    expect(errorOf(await exchange(app, signed(pair.privateKey, subjectClaims(), subjectHeader('mine')), { as: first }))).toBe('200')
    await app.end()
  })

  it('takes a seed in which what may be left out is null, dates are dates, and a byte order mark', async () => {
    const bare = { client_id: 'bare', client_secret: 'x', keys: null, users: null, sites: null, assertion_life_seconds: null, jti: null }
    const dated = { ...keyOf('k1', pair), not_before: 0, expires_at: '2999-01-01' }
    const seed = await writeSeed()
    await writeFile(seed.path, `\ufeff${JSON.stringify({ clients: [{ ...bare, name: null }, seedClient({ keys: [dated] })] })}`)
    const app = await startApp({ SEED_FILE: seed.path })
    expect((await keysOf(app).list()).body.keys).toMatchObject([
      { kid: 'k1', state: 'active', expires_at: Date.parse('2999-01-01') / 1000 },
    ])
    expect((await keysOf(app, { id: 'bare', secret: 'x' }).list()).body.keys).toEqual([])
    await app.end()
    await seed.remove()
  })

  it('ends with a message where its port is taken', async () => {
    const app = await startApp({ SEED_FILE: file.seed.path })
    const { code, output } = await failToStart({ SEED_FILE: file.seed.path, PORT: new URL(app.url).port })
    expect(code).toBe(1)
    expect(output).toMatch(/^PORT cannot be used: .*EADDRINUSE/m)
    expect(output).not.toContain('    at ')
    await app.end()
  })

  it('wants a kid, also where one key alone would fit', async () => {
    const app = await startApp({ SEED_FILE: file.seed.path })
    expect(errorOf(await exchange(app, signed(pair.privateKey, subjectClaims(), subjectHeader(undefined))))).toBe('400 invalid_grant')
    await app.end()
  })

  it('leaves out a key of the seed that cannot be used, and says so', async () => {
    const seed = await writeSeed(seedClient({ keys: [keyOf('weak', rsaPair(1024)), keyOf('k1', pair)] }))
    const app = await startApp({ SEED_FILE: seed.path })
    expect(app.output()).toContain('SEED_FILE: the key weak of belisle was refused: weak_rsa\n')
    expect((await keysOf(app).list()).body.keys.map(({ kid }) => kid)).toEqual(['k1'])
    await app.end()
    await seed.remove()
  })

  it('closes connections that say nothing when it ends', async () => {
    const app = await startApp({ SEED_FILE: file.seed.path })
    const socket = connect(Number(new URL(app.url).port), '127.0.0.1')
    await new Promise((resolve) => socket.once('connect', resolve))
    socket.on('error', () => undefined)
    socket.write('POST /oauth-server/oauth/token HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n')
    const startedAt = performance.now()
    expect(await app.end()).toBe(0)
    expect(performance.now() - startedAt).toBeLessThan(4_000)
    socket.destroy()
  })

  it('gives up on a Redis that is none', async () => {
    const server = createServer((socket) => void socket.on('data', () => undefined).on('error', () => undefined))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const { code, output } = await failToStart({ SEED_FILE: file.seed.path, REDIS_URL: `redis://127.0.0.1:${port}` })
    expect([code, output.includes('the store cannot be used')]).toEqual([1, true])
    server.close()
  })
})

it('a fault of its own is a 500 in its words, and says nothing of what happened', async () => {
  const heard = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const app = new Koa().use(errorPages).use(async () => {
    throw new Error('a detail that is nobody’s business')
  })
  const { status, headers, text } = await request(app.callback()).get('/')
  expect([status, headers['cache-control'], text]).toEqual([
    500,
    'no-store',
    '{"error":"server_error","error_description":"Internal server error"}',
  ])
  expect(heard).toHaveBeenCalledOnce()
  heard.mockRestore()
})

it('one secret for all processes: tokens of another APP_SECRET are refused', async () => {
  const apps = await Promise.all(['a', 'b'].map((letter) => startApp({ SEED_FILE: file.seed.path, APP_SECRET: letter.repeat(32) })))
  const [one, other] = apps as [(typeof apps)[0], (typeof apps)[0]]
  const form = { grant_type: 'client_credentials' }
  const { body } = await send(one, tokenPath, { headers: basic(belisle.id, belisle.secret), form })
  const headers = { authorization: `Bearer ${body.access_token}` }
  expect((await send(one, '/reporting/v3/ping', { headers })).status).toBe(200)
  expect(errorOf(await send(other, '/reporting/v3/ping', { headers }))).toBe('401 invalid_token')
  await Promise.all(apps.map((app) => app.end()))
})
