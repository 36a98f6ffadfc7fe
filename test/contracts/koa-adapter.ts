import { authOf, handle, type KoaContext, optionalAuthOf, protect, routes } from '@countersign/koa'
import type { MountAdapter, MountApp, MountRequest } from '@countersign/testkit'
import { bodyParser } from '@koa/bodyparser'
import Router from '@koa/router'
import type Koa from 'koa'
import { listening } from './listening.js'

const seenBy = (ctx: KoaContext): MountRequest => ({
  authOf: (guard) => authOf(guard, ctx),
  optionalAuthOf: (guard) => optionalAuthOf(guard, ctx),
  params: ctx.params as Record<string, string>,
})

function define(app: Koa, router: Router, heard: ((error: unknown) => void)[]): MountApp {
  return {
    protect: (path, guard, requirements, respond) => {
      router.get(path, protect(guard, ...requirements), async (ctx) => {
        ctx.body = await respond(seenBy(ctx))
      })
    },
    open: (path, respond) => {
      router.get(path, async (ctx) => {
        ctx.body = await respond(seenBy(ctx))
      })
    },
    handle: (method, path, endpoint, options) => {
      const parsers = options?.parsed ? [bodyParser()] : []
      router.register(path, [method], [...parsers, handle(endpoint)])
    },
    routes: (table) => {
      app.use(routes(table))
    },
    onError: (listener) => {
      heard.push(listener)
    },
  }
}

/** The mount contract's view of one major version of Koa. */
export function koaAdapter(name: string, create: () => Koa): MountAdapter {
  return {
    name,
    start: async (build) => {
      const app = create()
      const router = new Router()
      const heard: ((error: unknown) => void)[] = []
      app.silent = true
      app.use(async (ctx, next) => {
        try {
          await next()
        } catch (error) {
          for (const listener of heard) listener(error)
          ctx.status = 500
          ctx.body = { error: 'host' }
        }
      })
      build(define(app, router, heard))
      app.use(router.routes())
      app.use((ctx) => {
        ctx.status = 404
        ctx.body = { error: 'no_route' }
      })
      return listening(app.listen(0, '127.0.0.1'))
    },
  }
}
