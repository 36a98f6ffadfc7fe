import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'

type ClaimChecks = {
  requiredScopes(scopes: string | string[]): RequestHandler
  scopeIncludesAny(scopes: string | string[]): RequestHandler
  claimEquals(claim: string, expected: string | number | boolean | null): RequestHandler
  claimIncludes(claim: string, ...expected: (string | number | boolean | null)[]): RequestHandler
  claimCheck(test: (payload: Readonly<Record<string, unknown>>) => boolean, message?: string): RequestHandler
}

/** The middlewares of the old package, or ours. */
export interface Mount extends ClaimChecks {
  auth(options?: { readonly authRequired?: boolean }): RequestHandler
}

/** Everything that a program can read of an error. */
const onError: ErrorRequestHandler = (error: Error & { code?: string; status?: number; headers?: object }, _req, res, next) => {
  const { message, code, status = 500, headers = {}, ...others } = error
  const [name, challenge] = Object.entries(headers)[0] ?? []
  // The message stands in the challenge too.
  const shown = String(challenge).replace(message.replaceAll('"', "'") || '\0', '…')
  if (res.headersSent) next(error)
  else
    res
      .status(status)
      .json({ error: { of: error.name, message, code, status, [String(name)]: shown, others, members: Object.keys(error) } })
}

const show: RequestHandler = (req, res) => {
  const { auth } = req as { auth?: { payload: Record<string, unknown> } }
  if (auth) auth.payload.seen = true
  res.json({ auth })
}

/** One app, whose handlers and error handler do not know which package is mounted. */
export function appWith(mount: Mount, handling: 'as JSON' | 'of Express'): Express {
  const app = express()
  app.set('env', 'production')
  app.use(express.urlencoded({ extended: false }))
  app.get('/required', mount.auth(), show)
  app.post('/form', mount.auth(), show)
  app.get('/optional', mount.auth({ authRequired: false }), show)
  const checks: Readonly<Record<string, RequestHandler>> = {
    scopes: mount.requiredScopes('read write'),
    'other-scopes': mount.requiredScopes(['read', 'admin']),
    any: mount.scopeIncludesAny('admin read'),
    'any-other': mount.scopeIncludesAny(['admin', 'owner']),
    equals: mount.claimEquals('name', 'Ada'),
    'equals-other': mount.claimEquals('name', 'Bob'),
    'equals-missing': mount.claimEquals('tenant', 1),
    includes: mount.claimIncludes('roles', 'reader'),
    'includes-other': mount.claimIncludes('roles', 'reader', 'writer'),
    'includes-missing': mount.claimIncludes('groups', 'a'),
    check: mount.claimCheck(({ name }) => name === 'Ada'),
    'check-other': mount.claimCheck(({ name }) => name === 'Bob', 'only for Bob'),
    'check-false': mount.claimCheck(() => false),
  }
  for (const [name, check] of Object.entries(checks)) {
    app.get(`/${name}`, mount.auth(), check, show)
    app.get(`/unguarded/${name}`, check, show)
  }
  if (handling === 'as JSON') app.use(onError)
  return app
}

/** The routes with a check of claims. */
export const checkedRoutes: readonly string[] = [
  '/scopes',
  '/other-scopes',
  '/any',
  '/any-other',
  '/equals',
  '/equals-other',
  '/equals-missing',
  '/includes',
  '/includes-other',
  '/includes-missing',
  '/check',
  '/check-other',
  '/check-false',
]
