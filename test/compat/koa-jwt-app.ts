import type { RequestListener } from 'node:http'
import type { KoaJwtContext, KoaJwtOptions, UnlessOptions } from '@countersign/koa/compat'
import Koa from 'koa'

type Handler = (ctx: KoaJwtContext, next: () => Promise<unknown>) => Promise<unknown>

/** The middleware of the old package, or ours. */
export type Mount = (options?: KoaJwtOptions) => Handler & { unless(options: UnlessOptions<KoaJwtContext>): Handler }

/** What an app does with an error that comes out of the middleware. */
export type ErrorHandling = 'as JSON' | 'of the README' | 'of Koa'

interface JwtFailure extends Error {
  readonly status?: number
  readonly expose?: boolean
  readonly originalError?: Error
  readonly expiredAt?: Date
  readonly date?: Date
}

/** Everything that a program can read of an error; its message is that of the original error. */
function shown(error: JwtFailure): object {
  const { originalError = error, status, expose } = error
  const { name, message, expiredAt, date } = originalError as JwtFailure
  return { error: { message: `${name}: ${message}`, text: error.message, of: error.name, status, expose, expiredAt, date } }
}

const handlers: Readonly<Record<ErrorHandling, Handler | undefined>> = {
  'as JSON': async (ctx, next) =>
    next().catch((error: JwtFailure) => {
      ctx.status = error.status ?? 500
      ctx.body = shown(error)
    }),
  'of the README': async (ctx, next) =>
    next().catch((error: JwtFailure) => {
      if (error.status !== 401) throw error
      ctx.status = 401
      ctx.body = 'Protected resource, use Authorization header to get access\n'
    }),
  'of Koa': undefined,
}

const show: Handler = async (ctx) => {
  const { user, claims, raw, jwtOriginalError: error } = ctx.state
  ctx.body = {
    user,
    claims,
    hasRaw: typeof raw === 'string',
    ...(error instanceof Error && { error: { message: `${error.name}: ${error.message}` } }),
  }
}

/** Writes to the claims, as handlers of old apps do. */
const write: Handler = async (ctx) => {
  const user = ctx.state.user as Record<string, unknown>
  user.seen = Object.hasOwn(user, 'sub')
  delete user.iat
  if (Array.isArray(user.roles)) user.roles.push('added')
  ctx.body = { user }
}

const inQuery = (ctx: KoaJwtContext): string | null => new URL(ctx.url, 'http://localhost').searchParams.get('token')

/** One app, whose handlers and error handler do not know which package is mounted. */
export function appWith(mount: Mount, handling: ErrorHandling): RequestListener {
  const app = new Koa()
  app.silent = true
  const ofErrors = handlers[handling]
  if (ofErrors) app.use(ofErrors as never)
  const route = (path: string, middleware: Handler, handler: Handler = show): void => {
    const serve: Handler = (ctx, next) => (ctx.path.startsWith(path) ? middleware(ctx, () => handler(ctx, next)) : next())
    app.use(serve as never)
  }
  route('/required', mount())
  route('/optional', mount({ passthrough: true }))
  route('/key', mount({ key: 'claims' }))
  route('/raw', mount({ tokenKey: 'raw' }))
  route('/write', mount(), write)
  route('/query', mount({ getToken: inQuery }))
  route('/path', mount().unless({ path: '/path/open' }))
  route('/list', mount().unless({ path: ['/list/open', /^\/list\/public\/\d+$/] }))
  route('/ext', mount().unless({ ext: ['.css', '.txt'] }))
  route('/method', mount().unless({ method: ['GET', 'OPTIONS'] }))
  route('/custom', mount().unless({ custom: (ctx) => ctx.url.includes('open=yes') }))
  return app.callback()
}

/** An app of which two whole paths are left out, and the ends of some; all else needs a token. */
export function appOfPaths(mount: Mount): RequestListener {
  const app = new Koa()
  app.silent = true
  app.use(handlers['as JSON'] as never)
  app.use(mount().unless({ path: ['/', '/health', '/path/open'], ext: '.css' }) as never)
  app.use((ctx) => {
    ctx.body = ['reached', ctx.path]
  })
  return app.callback()
}
