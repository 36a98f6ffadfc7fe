import type { UnlessOptions } from '@countersign/express/compat'
import express, { type ErrorRequestHandler, type Express, type Request, type RequestHandler } from 'express'

/** Options that the old package and ours share. */
export interface SharedOptions {
  readonly requestProperty?: string
  readonly credentialsRequired?: boolean
  readonly getToken?: (req: Request) => string | Promise<string> | undefined
}

/** The middleware of the old package, or ours. */
export type Mount = (options?: SharedOptions) => RequestHandler & { unless(options: UnlessOptions<Request>): RequestHandler }

type WithClaims = Request & { auth?: Record<string, unknown>; user?: { claims?: unknown }; payload?: unknown }

/** What an app does with an error that comes out of the middleware. */
export type ErrorHandling = 'as JSON' | 'of the README' | 'of Express'

/** Everything that a program can read of an error. */
const asJson: ErrorRequestHandler = (error: Error & { code?: string; status?: number }, _req, res, next) => {
  const { name, message, code, status = 500 } = error
  if (res.headersSent) next(error)
  else res.status(status).json({ error: { name, message, code, whole: error } })
}

const ofReadme: ErrorRequestHandler = (error: Error, _req, res, next) => {
  if (error.name === 'UnauthorizedError') res.status(401).send('invalid token...')
  else next(error)
}

const show: RequestHandler = (req, res) => {
  const { auth, user, payload } = req as WithClaims
  res.json({ auth, user, payload })
}

/** Writes to the claims, as handlers of old apps do. */
const write: RequestHandler = (req, res) => {
  const { auth } = req as WithClaims
  if (auth) {
    auth.seen = Object.hasOwn(auth, 'sub')
    delete auth.iat
    if (Array.isArray(auth.roles)) auth.roles.push('added')
    if (typeof auth.address === 'object') Object.assign(auth.address as object, { town: 'Rome' })
  }
  res.json({ auth })
}

function inQuery(req: Request): string | undefined {
  return req.query.token as string | undefined
}

/** Like the example of the README: the field, else the query. */
function anywhere(req: Request): string | undefined {
  const [scheme, token] = req.headers.authorization?.split(' ') ?? []
  return scheme === 'Bearer' ? token : inQuery(req)
}

const outOfReach = (): never => {
  throw Object.assign(new Error('the session is out of reach'), { status: 418 })
}

const leftOut: readonly (readonly [at: string, UnlessOptions<Request>])[] = [
  ['/path', { path: '/path/open' }],
  [
    '/paths',
    {
      path: [
        '/paths/open',
        /^\/paths\/public\/\d+$/,
        { url: '/paths/one', method: 'GET' },
        { url: /^\/paths\/two/, methods: ['POST', 'PUT'] },
      ],
    },
  ],
  ['/global', { path: [/\/global\/open/g] }],
  ['/ext', { ext: ['.css', '.txt'] }],
  ['/method', { method: ['GET', 'OPTIONS'] }],
  ['/custom', { custom: (req) => req.query.open === 'yes' }],
  ['/later', { custom: async (req) => req.query.open === 'yes' }],
  ['/short', { path: '/open', useOriginalUrl: false }],
]

/** An app of which two whole paths are left out, and the ends of some; all else needs a token. */
export function appOfPaths(mount: Mount): Express {
  const app = express()
  app.use(mount().unless({ path: ['/', '/health', '/path/open'], ext: '.css' }))
  app.get('/', (_req, res) => res.json('landing'))
  app.get('/health', (_req, res) => res.json('health'))
  app.use((req, res) => res.json(['reached', req.path]))
  app.use(asJson)
  return app
}

/** One app, whose handlers and error handler do not know which package is mounted. */
export function appWith(mount: Mount, handling: ErrorHandling): Express {
  const app = express()
  // Without it, answers of Express would hold stacks.
  app.set('env', 'production')
  app.get('/required', mount(), show)
  app.get('/optional', mount({ credentialsRequired: false }), show)
  app.get('/property', mount({ requestProperty: 'payload' }), show)
  app.get('/nested', mount({ requestProperty: 'user.claims' }), show)
  app.get('/write', mount(), write)
  app.all('/preflight', mount(), show)
  app.get('/query', mount({ getToken: inQuery }), show)
  app.get('/query-optional', mount({ getToken: inQuery, credentialsRequired: false }), show)
  app.get('/anywhere', mount({ getToken: anywhere }), show)
  app.get('/later-token', mount({ getToken: async (req) => inQuery(req) ?? '' }), show)
  app.get('/broken', mount({ getToken: outOfReach }), show)
  for (const [path, options] of leftOut) app.use(path, mount().unless(options), show)
  if (handling !== 'of Express') app.use(handling === 'as JSON' ? asJson : ofReadme)
  return app
}
