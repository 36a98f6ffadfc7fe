import { type Auth, createShadow, type DryRunGuard, type ShadowOptions } from '@countersign/core'
import type { Middleware } from './middleware.js'
import { type Exchange, watchedExchange } from './watched-exchange.js'
import type { ExpressRequest } from './wire.js'

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
