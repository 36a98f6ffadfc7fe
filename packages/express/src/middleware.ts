import type { ServerResponse } from 'node:http'
import type { ExpressRequest } from './wire.js'

/** Express's continuation, as far as it is used. */
export type Next = (error?: unknown) => void

/** A middleware for `app.use`, `app.get` and the like, for any `Request` that is an `R`. */
export type Middleware<R extends ExpressRequest = ExpressRequest> = (req: R, res: ServerResponse, next: Next) => void
