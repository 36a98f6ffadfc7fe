import type { ServerResponse } from 'node:http'
import { asError, isUnavailable, outageReply, shownValue } from '@countersign/core'
import type { Next } from './middleware.js'
import { send } from './wire.js'

/**
 * Makes a safe handler of an async function. Express 4 does not look at what a handler returns: when a promise rejects there, for
 * instance because a store is down, nobody hears of it and the process ends. Here an outage is answered with 503 and
 * `Retry-After`, and every other error goes to `next`, on Express 4 and 5.
 *
 * @param handler - takes what Express gives: `req`, `res` and, if it wants, `next`
 * @returns a handler of the same type, so that Express types `req` and `res` as ever
 * @throws TypeError if it is not a function, or has four parameters, which Express takes for an error handler
 */
export function asyncHandler<Handler extends (req: never, res: never, next: never) => unknown>(handler: Handler): Handler {
  if (typeof handler !== 'function' || handler.length > 3)
    throw new TypeError(`asyncHandler: handler must be a function of req, res and next, got ${shownValue(handler)}`)
  const call = handler as unknown as (req: object, res: ServerResponse, next: Next) => unknown
  const safe = (req: object, res: ServerResponse, next: Next): void => {
    // An async function: what the handler throws at once is a rejection too.
    const run = async (): Promise<unknown> => call(req, res, next)
    run().catch((error: unknown) => {
      if (isUnavailable(error) && !res.headersSent) send(res, outageReply(error))
      else next(asError(error))
    })
  }
  return safe as unknown as Handler
}
