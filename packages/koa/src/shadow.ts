import { type Auth, createShadow, type DryRunGuard, type ShadowOptions } from '@countersign/core'
import type { Middleware } from './middleware.js'
import { type Exchange, watchedExchange } from './watched-exchange.js'
import type { KoaContext } from './wire.js'

/**
 * Looks at requests that another guard decides, and publishes the comparison as `countersign:shadow`. It refuses nothing and sets no field. Mount
 * it before the old guard.
 *
 * @throws TypeError if `guard` is not from `createGuard`, or an option is wrong
 */
export function shadow<A extends Auth, C extends KoaContext>(
  guard: DryRunGuard<A>,
  options?: ShadowOptions<A, C, Exchange<C>>,
): Middleware<C> {
  const start = createShadow(guard, options)
  return async (ctx, next) => {
    const waits = start(watchedExchange(ctx))
    if (waits !== undefined) await waits
    return next()
  }
}
