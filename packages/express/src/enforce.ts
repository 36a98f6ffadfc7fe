import { type Auth, asError, createEnforcement, type DryRunGuard, type EnforceOptions } from '@countersign/core'
import type { Middleware } from './middleware.js'
import { type Exchange, watchedExchange } from './watched-exchange.js'
import { type ExpressRequest, send, setFields } from './wire.js'

/**
 * Lets the guard decide for the chosen requests, and looks at all others as `shadow` does. Keep the old guard after it.
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
