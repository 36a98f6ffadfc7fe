import type { Auth, Guard, JwtClaims } from '@countersign/core'
import * as onExpress from '@countersign/express'
import * as onKoa from '@countersign/koa'
import Router, { type RouterContext } from '@koa/router'
import express, { type Request } from 'express'
import express4, { type Request as Request4 } from 'express4'
import Koa, { type Context } from 'koa'
import Koa2, { type Context as Context2 } from 'koa2'
import { guard } from './guards.js'

interface SessionRequest extends Request {
  readonly session: { readonly user: string }
}

const noContent = async () => ({ status: 204, headers: {} })

const forExpress = onExpress.requireClaims((auth, req: Request) => auth.subject === req.params.id)
const forExpress4 = onExpress.requireClaims((auth, req: Request4) => auth.subject === req.params.id)
const forRoute = onExpress.requireClaims((auth, req: Request<{ id: string }>) => auth.subject === req.params.id)
const forSessions = onExpress.requireClaims((auth, req: SessionRequest) => auth.subject === req.session.user)
const forKoa = onKoa.requireClaims((auth, ctx: Context) => auth.subject === ctx.state.user)
const forKoa2 = onKoa.requireClaims((auth, ctx: Context2) => auth.subject === ctx.state.user)
const forRouter = onKoa.requireClaims((auth, ctx: RouterContext) => auth.subject === ctx.params.id)
const forStaff = onExpress.requireClaims((auth: Auth<'staff', JwtClaims & { grade: number }>) => auth.claims.grade > 1)

export function onExpress5(): void {
  const { protect, authOf, optionalAuthOf, requireClaims, requireScopes, handle, routes } = onExpress
  const app = express()
  app.use('/all', protect(guard))
  app.get('/users/:id', protect(guard, requireScopes('read')), (req, res) => {
    const id: string = req.params.id
    const auth = authOf(guard, req)
    if (auth.via === 'staff') res.json({ id, grade: auth.claims.grade satisfies number })
    // @ts-expect-error there may be none
    res.json(optionalAuthOf(guard, req).subject)
  })
  app.get('/users/:id', protect(guard, requireScopes('read'), forExpress))
  app.get('/users/:id', protect(guard, forRoute))
  // A requirement written in place sees what the guard gives.
  app.use(
    protect(
      guard,
      requireClaims((auth) => auth.via !== 'staff' || auth.claims.grade > 1),
    ),
  )
  app.use(routes([{ method: 'GET', path: '/keys', endpoint: noContent }]))
  app.post('/token', handle(noContent))

  app.get('/users/:id', protect(guard, forExpress, { onRefused: (error, req) => new Error(String(req.params.id), { cause: error }) }))
  app.get('/users/:id', protect(guard, { onRefused: (error) => error }))
  // @ts-expect-error options stand last
  app.get('/users/:id', protect(guard, { onRefused: (error) => error }, forExpress))

  protect(guard, forSessions) satisfies onExpress.Middleware<SessionRequest>
  // @ts-expect-error a request without a session
  app.get('/session', protect(guard, forSessions))
  // @ts-expect-error a requirement for Koa's context
  app.get('/me', protect(guard, forKoa))
  // @ts-expect-error the guard may have admitted others than staff
  app.get('/me', protect(guard, forStaff))
  // @ts-expect-error a middleware of Koa
  app.get('/me', onKoa.protect(guard))
  // @ts-expect-error a middleware is no requirement
  app.get('/me', protect(guard, protect(guard)))
  // @ts-expect-error the guard comes first
  app.get('/me', protect(requireScopes('read')))
  // @ts-expect-error no such method
  routes([{ method: 'PATH', path: '/keys', endpoint: noContent }])
}

export function withoutGuard(req: Request, ctx: Context): void {
  // @ts-expect-error which guard admitted it?
  onExpress.authOf(req)
  // @ts-expect-error which guard admitted it?
  onKoa.authOf(ctx)
  // @ts-expect-error Koa's context is no request of Express
  onExpress.authOf(guard, ctx)
  // @ts-expect-error Express's request is no context of Koa
  onKoa.authOf(guard, req)
  // @ts-expect-error no global augmentation
  void req.auth
}

export function onKoa3(): void {
  const { protect, authOf, requireClaims, requireScopes, handle, routes } = onKoa
  const app = new Koa()
  const router = new Router()
  app.use(protect(guard))
  app.use(routes([])).use(handle(noContent))
  router.get('/users/:id', protect(guard, requireScopes('read')), (ctx) => {
    const auth = authOf(guard, ctx)
    if (auth.via === 'staff') ctx.body = { id: ctx.params.id satisfies string | undefined, grade: auth.claims.grade satisfies number }
  })
  app.use(protect(guard, forKoa))
  app.use(protect(guard, forKoa, { onRefused: (error, ctx) => ctx.throw(error.status) }))
  router.get('/users/:id', protect(guard, forRouter), (ctx) => {
    ctx.body = authOf(guard, ctx).subject
  })
  app.use(
    protect(
      guard,
      requireClaims((auth) => auth.via !== 'staff' || auth.claims.grade > 1),
    ),
  )
  // @ts-expect-error a requirement for Express's request
  app.use(protect(guard, forExpress))
  // @ts-expect-error the guard may have admitted others than staff
  app.use(protect(guard, forStaff))
  // @ts-expect-error a middleware of Express
  app.use(onExpress.protect(guard))
}

export function onOlderVersions(): void {
  const app = express4()
  app.use(onExpress.protect(guard))
  app.get('/users/:id', onExpress.protect(guard), (req, res) => {
    const id: string = req.params.id
    res.json({ id, via: onExpress.authOf(guard, req).via })
  })
  app.get('/users/:id', onExpress.protect(guard, forExpress4))
  app.use(onExpress.routes([]))
  // @ts-expect-error a requirement for Koa's context
  app.get('/me', onExpress.protect(guard, forKoa2))
  const koa = new Koa2()
  koa.use(onKoa.protect(guard, forKoa2))
  koa.use(onKoa.routes([])).use((ctx) => {
    ctx.body = onKoa.authOf(guard, ctx).via
  })
  // @ts-expect-error a requirement for Express's request
  koa.use(onKoa.protect(guard, forExpress4))
}

/** Guards fit where less is asked. */
export const widened: Guard = guard
