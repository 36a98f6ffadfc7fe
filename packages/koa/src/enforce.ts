import { type Auth, asError, createEnforcement, type DryRunGuard, type EnforceOptions } from '@countersign/core'
import type { Middleware } from './middleware.js'
import { type Exchange, watchedExchange } from './watched-exchange.js'
import { type KoaContext, send, setFields } from './wire.js'

/**
 * Lets the guard decide for the chosen requests, and looks at all others as `shadow` does. Keep the old guard after it.
 *
 * @throws TypeError if `guard` is not from `createGuard`, or an option is wrong
 */
export function enforce<A extends Auth, C extends KoaContext>(
  guard: DryRunGuard<A>,
  options: EnforceOptions<A, C, Exchange<C>>,
): Middleware<C> {
  const decide = createEnforcement(guard, options, { send, setFields })
  return async (ctx, next) => {
    let admitted: boolean
    try {
      admitted = await decide(watchedExchange(ctx), ctx)
    } catch (cause) {
      throw asError(cause)
    }
    return admitted ? next() : undefined
  }
}
