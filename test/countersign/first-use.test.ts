import { createServer, type RequestListener } from 'node:http'
import * as onExpress from '@countersign/express'
import * as onKoa from '@countersign/koa'
import Router from '@koa/router'
import express from 'express'
import express4 from 'express4'
import Koa from 'koa'
import Koa2 from 'koa2'
import request from 'supertest'
import { afterAll, describe, expect, it } from 'vitest'
import { servers } from './server-setup.js'

const all = servers()
afterAll(() => all.closeAll())

type Server = ReturnType<typeof all.create>

function expressApp(create: typeof express, server: Server): RequestListener {
  const app = create()
  app.use(onExpress.routes(server.routes))
  app.get('/jobs', onExpress.protect(server.guard, onExpress.requireScopes('jobs:read')), (req, res) => {
    const { via, clientId } = onExpress.authOf(server.guard, req)
    res.json({ via, clientId })
  })
  return app
}

function koaApp(create: typeof Koa, server: Server): RequestListener {
  const router = new Router()
  router.get('/jobs', onKoa.protect(server.guard, onKoa.requireScopes('jobs:read')), (ctx) => {
    const { via, clientId } = onKoa.authOf(server.guard, ctx)
    ctx.body = { via, clientId }
  })
  const app = new create()
  return app.use(onKoa.routes(server.routes)).use(router.routes()).callback()
}

const apps: Readonly<Record<string, (server: Server) => RequestListener>> = {
  'Express 5': (server) => expressApp(express, server),
  'Express 4': (server) => expressApp(express4 as unknown as typeof express, server),
  'Koa 3': (server) => koaApp(Koa, server),
  'Koa 2': (server) => koaApp(Koa2 as unknown as typeof Koa, server),
}

describe.each(Object.keys(apps))('on %s', (name) => {
  it('a client gets a token, and the guard admits it until the client is locked', async () => {
    const server = all.create()
    const app = createServer(apps[name]?.(server))
    const registered = await server.clients.register({ id: 'batch', grants: ['client_credentials'], scopes: ['jobs:read'] })
    const { secret } = (registered.ok && registered.secret) || { secret: '' }

    // Nobody asked whether it is ready: the first request waits for the first key.
    const ask = () => request(app).post('/token').auth('batch', secret).type('form').send({ grant_type: 'client_credentials' })
    const granted = await ask().expect(200)
    const jobs = () =>
      request(app)
        .get('/jobs')
        .set('authorization', `Bearer ${granted.body.access_token as string}`)
    expect((await jobs()).body).toEqual({ via: 'own', clientId: 'batch' })
    await request(app).get('/jobs').expect(401)
    expect((await request(app).get('/.well-known/jwks.json').expect(200)).body.keys).toHaveLength(1)
    await request(app).get('/token').expect(405)

    await server.clients.lock('batch')
    await jobs().expect(401)
    expect((await ask().expect(401)).body.error).toBe('invalid_client')
  })
})
