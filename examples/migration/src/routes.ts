import { type ErrorRequestHandler, type RequestHandler, Router } from 'express'

type WithClaims = { auth?: { sub?: string; seenAt?: number } }

const me: RequestHandler = (req, res) => {
  const { auth } = req as WithClaims
  // Old handlers may write to the claims.
  if (auth) auth.seenAt = 1
  res.json({ user: auth?.sub })
}

/** Routes and error handler of the API. No step changes them. */
export function routes(): Router {
  const router = Router()
  router.get('/health', (_req, res) => void res.json({ ok: true }))
  router.get('/me', me)
  return router
}

/** The error handler of the API. */
export const onError: ErrorRequestHandler = (error: Error & { code?: string; status?: number }, _req, res, next) => {
  if (error.name === 'UnauthorizedError') res.status(401).json({ code: error.code, message: error.message })
  else if (res.headersSent) next(error)
  else res.status(error.status ?? 500).json({ message: error.name })
}
