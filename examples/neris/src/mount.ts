import { createRouteMatcher, type RouteTable } from '@countersign/core'
import { handle, type Middleware, routes } from '@countersign/express'
import { detailReply } from './detail.js'

/** For a path that is known, after its methods. */
export function notAllowed(allow: string): Middleware {
  const reply = detailReply(405, 'Method Not Allowed', { allow })
  return handle(async () => reply)
}

/** Mounts a table, and words as FastAPI does what none of its routes answers. */
export function mounted(table: RouteTable): Middleware[] {
  const match = createRouteMatcher(table)
  const worded: Middleware = (req, res, next) => {
    const found = match(req.method ?? '', req.path)
    if (found.outcome === 'wrong_method') return notAllowed(found.allowed.join(', '))(req, res, next)
    if (found.outcome === 'bad_encoding') return handle(async () => detailReply(400, 'Bad Request'))(req, res, next)
    return next()
  }
  return [worded, routes(table)]
}
