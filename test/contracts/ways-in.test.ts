import type { RequestListener } from 'node:http'
import type { Endpoint } from '@countersign/core'
import * as onExpress from '@countersign/express'
import * as onKoa from '@countersign/koa'
import { optional, type ResourceGuard, requireScopes } from '@countersign/verifier'
import { bodyParser } from '@koa/bodyparser'
import Router from '@koa/router'
import express from 'express'
import express4 from 'express4'
import Koa from 'koa'
import Koa2 from 'koa2'
import { beforeAll, describe, expect, it } from 'vitest'
import { basic, guardOf, setup } from '../grants/endpoint-setup.js'
import type { ExpressModule } from './express-adapter.js'
import { type Answered, http2Ways, type WayIn, ways } from './ways-in.js'

interface Parts {
  readonly guard: ResourceGuard
  readonly endpoint: Endpoint
}

const reads = requireScopes('read')
const admin = requireScopes('admin')

function onExpressApp({ guard, endpoint }: Parts, make: ExpressModule): RequestListener {
  const app = make()
  const { authOf, handle, optionalAuthOf, protect } = onExpress
  app.get('/me', protect(guard, reads), (req, res) => void res.json({ client: authOf(guard, req).clientId }))
  app.get('/admin', protect(guard, admin), (_req, res) => void res.json({}))
  app.get('/open', protect(guard, optional()), (req, res) => void res.json({ client: optionalAuthOf(guard, req)?.clientId ?? null }))
  app.post('/token', handle(endpoint))
  app.post('/parsed/token', make.urlencoded({ extended: false }), handle(endpoint))
  return app
}

function onKoaApp({ guard, endpoint }: Parts, app: Koa): RequestListener {
  const { authOf, handle, optionalAuthOf, protect } = onKoa
  const router = new Router()
  router.get('/me', protect(guard, reads), (ctx) => {
    ctx.body = { client: authOf(guard, ctx).clientId }
  })
  router.get('/admin', protect(guard, admin), (ctx) => {
    ctx.body = {}
  })
  router.get('/open', protect(guard, optional()), (ctx) => {
    ctx.body = { client: optionalAuthOf(guard, ctx)?.clientId ?? null }
  })
  router.post('/token', handle(endpoint))
  router.post('/parsed/token', bodyParser(), handle(endpoint))
  app.silent = true
  return app.use(router.routes()).callback()
}

interface Framework {
  readonly name: string
  readonly make: (parts: Parts) => RequestListener
}

const expressApps: readonly Framework[] = [
  { name: 'Express 5', make: (parts) => onExpressApp(parts, express) },
  { name: 'Express 4', make: (parts) => onExpressApp(parts, express4 as unknown as ExpressModule) },
]
const koaApps: readonly Framework[] = [
  { name: 'Koa 3', make: (parts) => onKoaApp(parts, new Koa()) },
  { name: 'Koa 2', make: (parts) => onKoaApp(parts, new Koa2() as unknown as Koa) },
]
const pairs = (frameworks: readonly Framework[], reached: readonly WayIn[]): readonly [string, Framework, WayIn][] =>
  frameworks.flatMap((framework) =>
    reached.map((way): [string, Framework, WayIn] => [`${framework.name} over ${way.name}`, framework, way]),
  )

const form = ['Content-Type', 'application/x-www-form-urlencoded'] as const
const grant = 'grant_type=client_credentials'

describe.each([...pairs([...expressApps, ...koaApps], ways), ...pairs(koaApps, http2Ways)])('%s', (_name, framework, way) => {
  const world = setup()
  const { guard } = guardOf(world.clock)
  let listener: RequestListener
  let client: { readonly id: string; readonly secret: string }
  let token = ''
  const get = (path: string, ...authorizations: string[]): Promise<Answered> =>
    way.ask(listener, { method: 'GET', path, fields: authorizations.map((value) => ['Authorization', value]) })
  const post = (path: string, body: string, ...fields: (readonly [string, string])[]): Promise<Answered> =>
    way.ask(listener, { method: 'POST', path, body, fields: [form, ...fields] })

  beforeAll(async () => {
    client = await world.register({ scopes: ['read'] })
    listener = framework.make({ guard, endpoint: world.endpoint })
    token = (await world.ask({ grant_type: 'client_credentials' }, basic(client.id, client.secret))).body.access_token
  })

  it('admits a token that fulfils what the route demands', async () => {
    const answer = await get('/me', `Bearer ${token}`)
    expect([answer.status, JSON.parse(answer.body)]).toEqual([200, { client: client.id }])
  })

  it('refuses what is missing, another scheme, altered, or not enough', async () => {
    expect(await get('/me')).toMatchObject({ status: 401, headers: { 'www-authenticate': 'Bearer realm="https://api.example"' } })
    expect((await get('/me', basic(client.id, client.secret).authorization)).status).toBe(401)
    const altered = await get('/me', `Bearer ${token.slice(0, -8)}AAAAAAAA`)
    expect([altered.status, JSON.parse(altered.body).error]).toEqual([401, 'invalid_token'])
    const scope = await get('/admin', `Bearer ${token}`)
    expect([scope.status, JSON.parse(scope.body).error]).toEqual([403, 'insufficient_scope'])
  })

  it('admits nobody in the name of somebody where credentials are optional', async () => {
    expect(JSON.parse((await get('/open')).body)).toEqual({ client: null })
    expect(JSON.parse((await get('/open', `Bearer ${token}`)).body)).toEqual({ client: client.id })
    expect((await get('/open', 'Bearer x')).status).toBe(401)
  })

  it.each(['/token', '/parsed/token'])('issues a token at %s to a client that authenticates with Basic', async (path) => {
    const { authorization } = basic(client.id, client.secret)
    const answer = await post(path, grant, ['Authorization', authorization])
    expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store'])
    const issued = JSON.parse(answer.body) as { access_token: string }
    expect((await get('/me', `Bearer ${issued.access_token}`)).status).toBe(200)
  })

  it.each(['/token', '/parsed/token'])('refuses all others at %s', async (path) => {
    const wrong = await post(path, grant, ['Authorization', basic(client.id, 'wrong').authorization])
    expect([wrong.status, JSON.parse(wrong.body).error]).toEqual([401, 'invalid_client'])
    expect(wrong.headers['www-authenticate']).toContain('Basic')
    expect((await post(path, grant)).status).toBe(401)
    expect((await post(path, '', ['Authorization', basic(client.id, client.secret).authorization])).status).toBe(400)
  })

  if (way.repeats)
    it('refuses an Authorization field that was sent twice', async () => {
      const twice = await get('/me', `Bearer ${token}`, `Bearer ${token}`)
      expect([twice.status, JSON.parse(twice.body).error]).toEqual([400, 'invalid_request'])
      const { authorization } = basic(client.id, client.secret)
      // Where they are joined to one field it is no Base64: the client is not believed.
      expect((await post('/token', grant, ['Authorization', authorization], ['Authorization', authorization])).status).toBeOneOf([400, 401])
    })
})
