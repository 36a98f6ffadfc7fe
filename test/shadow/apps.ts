import type { RequestListener, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import * as onExpress from '@countersign/express'
import * as onKoa from '@countersign/koa'
import { type ResourceGuard, requireScopes } from '@countersign/verifier'
import Router from '@koa/router'
import express from 'express'
import Koa from 'koa'
import { onTestFinished } from 'vitest'
import { listening } from '../contracts/listening.js'
import { createClient, createOldGuard } from './old-guard.js'

/** How the new guard is mounted before the old one. */
type NewGuard =
  | { readonly none: true }
  | { readonly shadow: Readonly<{ sample?: number; timeoutMs?: number; compare?: () => 'admitted' | 'refused' | undefined }> }
  | { readonly enforce: Readonly<{ percentage?: number | (() => number); when?: (request: object) => boolean }> }

export type AppOf = (guard: ResourceGuard, mode: NewGuard) => RequestListener

const requirements = [requireScopes('read')]
const subjectOf = (read: () => string | undefined): string => {
  try {
    return read() ?? ''
  } catch {
    return 'not by the new guard'
  }
}

export const onExpressApp: AppOf = (guard, mode) => {
  const app = express()
  const isOld = createOldGuard()
  if ('shadow' in mode) app.use(onExpress.shadow(guard, { requirements, ...mode.shadow }))
  if ('enforce' in mode) app.use(onExpress.enforce(guard, { requirements, ...mode.enforce }))
  app.use((req, res: ServerResponse, next) => {
    void isOld(req.headers.authorization).then((isAdmitted) => {
      if (isAdmitted) return next()
      res.statusCode = 401
      res.setHeader('www-authenticate', 'Bearer realm="old"').end('old')
    })
  })
  app.get('/users/:id', (req, res) => {
    res.json({ by: subjectOf(() => onExpress.authOf(guard, req).subject), members: Object.keys(req).includes('auth') })
  })
  return app
}

export const onKoaApp: AppOf = (guard, mode) => {
  const app = new Koa()
  const router = new Router()
  const isOld = createOldGuard()
  if ('shadow' in mode) app.use(onKoa.shadow(guard, { requirements, ...mode.shadow }))
  if ('enforce' in mode) app.use(onKoa.enforce(guard, { requirements, ...mode.enforce }))
  app.use(async (ctx, next) => {
    if (await isOld(ctx.get('authorization'))) return next()
    ctx.status = 401
    ctx.set('www-authenticate', 'Bearer realm="old"')
    ctx.body = 'old'
    return undefined
  })
  router.get('/users/:id', (ctx) => {
    ctx.body = { by: subjectOf(() => onKoa.authOf(guard, ctx).subject), members: Object.keys(ctx).includes('auth') }
  })
  app.use(router.routes())
  return app.callback()
}

/** Starts an app, and gives a client of it. */
export async function startApp(listener: RequestListener): Promise<ReturnType<typeof createClient>> {
  const server = await listening(createServer(listener).listen(0, '127.0.0.1'))
  const client = createClient(server.url)
  onTestFinished(async () => {
    client.close()
    await server.close()
  })
  return client
}
