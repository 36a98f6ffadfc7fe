import type { ServerResponse } from 'node:http'
import {
  type Auth,
  asError,
  createEnforcement,
  createShadow,
  type DryRunGuard,
  type EnforceOptions,
  routeName,
  type ShadowOptions,
  type WatchedExchange,
} from '@countersign/core'
import type { Middleware } from './middleware.js'
import { type ExpressRequest, guardRequest, send, setFields } from './wire.js'

type Routed = ExpressRequest & { readonly baseUrl?: string; readonly route?: { readonly path?: unknown } }
type Exchange<R> = readonly [req: R, res: ServerResponse]

const watchedExchange = <R extends Routed>(req: R, res: ServerResponse): WatchedExchange<Exchange<R>> => ({
  request: guardRequest(req),
  response: res,
  exchange: [req, res],
  route: () => routeName({ method: req.method, url: req.originalUrl, mountedAt: req.baseUrl, pattern: req.route?.path }),
})

/**
 * Looks at requests that another guard decides, and publishes the comparison as `countersign:shadow`. It refuses nothing and sets no field. Mount
 * it before the old guard.
 *
 * @throws TypeError if `guard` is not from `createGuard`, or an option is wrong
 */
export function shadow<A extends Auth, R extends ExpressRequest>(
  guard: DryRunGuard<A>,
  options?: ShadowOptions<A, R, Exchange<R>>,
): Middleware<R> {
  const start = createShadow(guard, options)
  return (req, res, next) => {
    const waits = start(watchedExchange(req, res))
    if (waits === undefined) next()
    else void waits.then(() => next())
  }
}

/**
 * Lets the guard decide for the chosen requests, and looks at all others as {@link shadow} does. Keep the old guard after it.
 *
 * @throws TypeError if `guard` is not from `createGuard`, or an option is wrong
 */
export function enforce<A extends Auth, R extends ExpressRequest>(
  guard: DryRunGuard<A>,
  options: EnforceOptions<A, R, Exchange<R>>,
): Middleware<R> {
  const decide = createEnforcement(guard, options, { send, setFields })
  return (req, res, next) => {
    const goesOn = async (): Promise<boolean> => decide(watchedExchange(req, res), res)
    goesOn().then(
      (admitted) => {
        if (admitted) next()
      },
      (error: unknown) => next(asError(error)),
    )
  }
}
