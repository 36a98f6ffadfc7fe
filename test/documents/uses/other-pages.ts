import type { Auth, NonceStore } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { createClientAuthenticator, createClients } from '@countersign/grants'
import { createIntegrations, type Integrations } from '@countersign/integrations'
import type { RemoteClientKeys } from '@countersign/keys'
import { createNonces } from '@countersign/nonce'
import type { PostgresStores } from '@countersign/postgres'
import type { redisStores } from '@countersign/redis'
import type { SqliteStores } from '@countersign/sqlite'
import { testKeys } from '@countersign/testkit'
import { createGuard, createSharedRevocations, type jwksRsa, type ResourceGuard } from '@countersign/verifier'
import Router from '@koa/router'
import express, { type Express } from 'express'
import type { Redis } from 'ioredis'
import Koa from 'koa'
import type { Pool } from 'pg'
import request from 'supertest'
import { expect, vi } from 'vitest'
import { answerTo, entryOf, tokenOf } from '../../verifier/guard-setup.js'
import { tokenOf as tokenOfIssuer } from '../issuers.js'
import type { Ran, Uses } from './use.js'

type App = Express | { callback(): ReturnType<Koa['callback']> }

async function loginForm(app: App): Promise<void> {
  const server = 'callback' in app ? app.callback() : app
  const page = await request(server).get('/login').expect(200).expect('content-type', /html/)
  const nonce = /name="nonce" value="([\w.-]+)"/.exec(page.text)?.[1] ?? ''
  expect(nonce.split('.')).toHaveLength(3)
  const submit = (fields: object): request.Test => request(server).post('/login').type('form').send(fields)
  await submit({ nonce, user: 'alice', password: 'secret' }).expect(200, 'now compare the password')
  await submit({ nonce, user: 'alice', password: 'secret' }).expect(401)
  for (const fields of [{}, { nonce: '' }, { nonce: 'forged' }]) await submit(fields).expect(401)
  await request(server).post('/login').expect(401)
  await request(server).post('/login').type('form').send('nonce=a&nonce=b').expect(401)
}

async function spendsOnce(store: NonceStore): Promise<void> {
  const secrets = { current: { id: '1', secret: process.env.KEY_ENCRYPTION ?? '' } }
  const nonces = createNonces({
    issuer: 'i',
    audience: 'a',
    lifetimeSeconds: 60,
    algorithm: 'HS256',
    secrets,
    store,
    purposes: { login: {} },
  })
  const nonce = await nonces.issue({ clientId: 'login-form' })
  if (!nonce.ok) throw new Error(nonce.refusal.reason)
  expect(await nonces.spend(nonce.token, 'login')).toMatchObject({ ok: true })
  expect(await nonces.spend(nonce.token, 'login')).toMatchObject({ ok: false })
}

async function endNonceStores(): Promise<void> {
  const { pool, redis } = (await import('../contexts/docs--nonces.md.js')) as { pool: Pool; redis: Redis }
  redis.disconnect()
  await pool.end()
}

async function postgres(stores: PostgresStores, { module }: Ran): Promise<void> {
  expect(await stores.ready()).toEqual({ ok: true, parts: { postgres: { ok: true }, sweep: { ok: true } } })
  await stores.close()
  await (module.pool as Pool).end()
}

async function sqlite(stores: SqliteStores): Promise<void> {
  expect(await stores.ready()).toEqual({ ok: true, parts: { sqlite: { ok: true }, sweep: { ok: true } } })
  await stores.close()
}

async function redis(stores: ReturnType<typeof redisStores>, { module }: Ran): Promise<void> {
  expect(await stores.ready()).toMatchObject({ ok: true })
  await stores.close()
  if (module.client) (module.client as { destroy(): void }).destroy()
  else (module.redis as Redis).disconnect()
}

function integrations(): Integrations {
  const stores = memoryStores()
  const clients = createClients({ store: stores.clients, pepper: { current: { id: '1', secret: process.env.CLIENT_PEPPER ?? '' } } })
  const policies = { mayManage: () => true, mayEnroll: () => true }
  return createIntegrations({
    issuer: 'https://issuer.test',
    accounts: stores.accounts,
    clients,
    settings: { grants: ['client_credentials'] },
    policies,
  })
}

type Mount = (app: unknown, guard: ResourceGuard, made: Integrations, isMember: (auth: Auth, entity: string) => boolean) => void

async function mountIncidents(mount: Mount): Promise<void> {
  const onExpress = express()
  const router = new Router()
  const guard = createGuard({ issuers: { main: entryOf() } })
  // The Koa program is the one that takes three arguments.
  mount(mount.length === 3 ? router : onExpress, guard, integrations(), (_auth, entity) => entity === '7')
  const app = mount.length === 3 ? new Koa().use(router.routes()).callback() : onExpress
  const now = Math.floor(Date.now() / 1000)
  const token = await tokenOf({ iat: now, exp: now + 60, client_id: undefined })
  const ask = (id: string): request.Test => request(app).get(`/departments/${id}/incidents`).set('authorization', `Bearer ${token}`)
  await ask('8').expect(403)
  await ask('7').expect(mount.length === 3 ? 403 : 200)
  await request(app).get('/departments/7/incidents').expect(401)
}

async function provesMfa(proves: (auth: Auth) => boolean): Promise<void> {
  expect(proves({ via: 'cognito', claims: { origin_jti: 'weak' } } as unknown as Auth)).toBe(false)
}

/** A nonce ends with the secret that it was fetched with. */
async function mountNonces(mount: (app: express.Express, parts: object) => void): Promise<void> {
  const stores = memoryStores()
  const issuer = 'https://api.example'
  const revocations = createSharedRevocations({ store: stores.revocations, maxStalenessSeconds: 10, onStale: 'refuse' })
  const pepper = { current: { id: '1', secret: process.env.CLIENT_PEPPER ?? '' } }
  const clients = createClients({ issuer, store: stores.clients, revocations, pepper })
  const made = await clients.register({ grants: ['client_credentials'] })
  if (!made.ok || made.secret === undefined) throw new Error('no secret')
  const app = express()
  const authenticate = createClientAuthenticator({ issuer, clients, stores })
  mount(app, { store: stores.nonces, revocations, authenticate, secret: 's'.repeat(64) })
  const fetched = async () =>
    (
      await request(app)
        .post('/nonce')
        .auth(made.client.id, made.secret?.secret ?? '')
    ).body.nonce as string
  const [first, second] = [await fetched(), await fetched()]
  await request(app).post('/form').set('nonce', first).expect(200, { spent: true })
  await clients.revokeSecret(made.client.id, made.secret.id)
  await request(app).post('/form').set('nonce', second).expect(401, { spent: false })
  await revocations.close()
}

const partnersToken = (): Promise<string> => tokenOfIssuer('https://login.partner.example', {})

/** The global fetch of these tests would answer for the partner too, so what must go through the proxy must not ask it. */
const onlyInsideDirectly = (): void => {
  const asked = vi.mocked(fetch).mock.calls.map(([url]) => url)
  expect(asked).toEqual(['https://login.company.example/jwks'])
}

async function viaProxy(guard: ResourceGuard): Promise<void> {
  expect(await answerTo(guard, await partnersToken())).toBe('200 partner')
  expect(await answerTo(guard, await tokenOfIssuer('https://login.company.example', {}))).toBe('200 inside')
  onlyInsideDirectly()
  await guard.close()
}

async function clientKeysViaProxy(keys: RemoteClientKeys): Promise<void> {
  expect(await keys.find({ clientId: 'ehr', kid: testKeys.es256.kid, algorithm: 'ES256' })).toMatchObject({ ok: true })
  onlyInsideDirectly()
  await keys.close()
}

async function jwksRsaViaProxy(entry: ReturnType<typeof jwksRsa>): Promise<void> {
  const guard = createGuard({ issuers: { rsa: entry } })
  expect(await answerTo(guard, await partnersToken())).toBe('200 rsa')
  onlyInsideDirectly()
  await guard.close()
}

export const otherPages: Readonly<Record<string, Uses>> = {
  'docs/nonces.md': {
    app: loginForm,
    mountNonces,
    onRedis: spendsOnce,
    onPostgres: async (store: NonceStore) => {
      await spendsOnce(store)
      await endNonceStores()
    },
  },
  'docs/proxies.md': { clientKeys: clientKeysViaProxy, entry: jwksRsaViaProxy, guard: viaProxy },
  'docs/integrations.md': { mountIncidents, provesMfa },
  'packages/postgres/README.md': { stores: postgres },
  'packages/redis/README.md': { stores: redis },
  'packages/sqlite/README.md': { stores: sqlite },
}
