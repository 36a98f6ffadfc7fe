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
import { guardRequest, type KoaContext, send, setFields } from './wire.js'

type Routed = KoaContext & { readonly _matchedRoute?: unknown }
type Exchange<C> = readonly [ctx: C]

const watchedExchange = <C extends Routed>(ctx: C): WatchedExchange<Exchange<C>> => ({
  request: guardRequest(ctx),
  response: ctx.res,
  exchange: [ctx],
  route: () => routeName({ method: ctx.method, url: ctx.originalUrl, pattern: ctx._matchedRoute }),
})

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

/**
 * Lets the guard decide for the chosen requests, and looks at all others as {@link shadow} does. Keep the old guard after it.
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
