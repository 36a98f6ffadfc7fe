import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Auth, Guard } from '@countersign/core'
import * as onExpress from '@countersign/express'
import * as onKoa from '@countersign/koa'
import Router from '@koa/router'
import express from 'express'
import Koa from 'koa'

/** An app that listens on loopback. */
export interface RunningApp {
  readonly name: string
  readonly url: string
  close(): Promise<void>
}

function expressApp(guard: Guard<Auth>): RequestListener {
  const { protect, fromIssuers, requireScopes, authOf } = onExpress
  return express()
    .get('/me', protect(guard), (req, res) => res.json(authOf(guard, req).claims))
    .get('/patients', protect(guard, fromIssuers('cognito')), (req, res) => res.json({ subject: authOf(guard, req).subject }))
    .get('/jobs', protect(guard, requireScopes('jobs:read')), (req, res) => res.json({ clientId: authOf(guard, req).clientId }))
}

function koaApp(guard: Guard<Auth>): RequestListener {
  const { protect, fromIssuers, requireScopes, authOf } = onKoa
  const router = new Router()
  router.get('/me', protect(guard), (ctx) => {
    ctx.body = authOf(guard, ctx).claims
  })
  router.get('/patients', protect(guard, fromIssuers('cognito')), (ctx) => {
    ctx.body = { subject: authOf(guard, ctx).subject }
  })
  router.get('/jobs', protect(guard, requireScopes('jobs:read')), (ctx) => {
    ctx.body = { clientId: authOf(guard, ctx).clientId }
  })
  const callback = new Koa().use(router.routes()).callback()
  return (req, res) => void callback(req, res)
}

async function listen(name: string, guard: Guard<Auth>, listener: RequestListener): Promise<RunningApp> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    name,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.close()
      server.closeAllConnections()
      await guard.close()
    },
  }
}

/** The same API on both frameworks, each with a guard of its own, as in two processes. */
export async function startApps(newGuard: () => Guard<Auth>): Promise<readonly RunningApp[]> {
  const [first, second] = [newGuard(), newGuard()]
  return Promise.all([listen('Express', first, expressApp(first)), listen('Koa', second, koaApp(second))])
}
