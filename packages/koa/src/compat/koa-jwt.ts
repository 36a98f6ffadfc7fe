import { type Auth, asError, type Guard } from '@countersign/core'
import { createUnless, requireGuard, type UnlessOptions } from '@countersign/core/compat'
import type { Middleware } from '../middleware.js'
import { guardRequest } from '../wire.js'
import { createJwtCheck } from './koa-jwt-check.js'
import { checkKoaJwtOptions, type KoaJwtContext, type KoaJwtOptions } from './koa-jwt-options.js'

/** A middleware that can be left out for some requests. */
export interface UnlessMiddleware<C extends KoaJwtContext = KoaJwtContext> extends Middleware<C> {
  /**
   * The same middleware, but not for requests that fit.
   *
   * @throws TypeError for an option that is unknown or wrong
   */
  unless(options: UnlessOptions<C> | NonNullable<UnlessOptions<C>['custom']>): Middleware<C>
}

/**
 * `koa-jwt` 4 with a guard in place of keys and rules: handlers and error handlers stay as they are. `ctx.state.user` is a copy of the claims. A refusal
 * is thrown by `ctx.throw(401)` with `originalError`, an outage as a `ServiceUnavailableError` with the status 503.
 *
 * @param guard - from `createGuard`
 * @param options - see {@link KoaJwtOptions}
 * @throws TypeError if the guard is missing, or an option is unknown or wrong
 * @example
 * app.use(koaJwt(guard).unless({ path: ['/login'] }))
 * app.use((ctx) => { ctx.body = ctx.state.user })
 */
export function koaJwt<A extends Auth, C extends KoaJwtContext = KoaJwtContext>(
  guard: Guard<A>,
  options: KoaJwtOptions<C> = {},
): UnlessMiddleware<C> {
  checkKoaJwtOptions(options)
  requireGuard('koaJwt', guard)
  const check = createJwtCheck(guard, options)
  const middleware: Middleware<C> = async (ctx, next) => {
    await check(ctx).catch((cause: unknown) => {
      throw asError(cause)
    })
    return next()
  }
  const unless: UnlessMiddleware<C>['unless'] = (given) => {
    const isLeftOut = createUnless<C>('koaJwt.unless', given)
    return async (ctx, next) => ((await isLeftOut(guardRequest(ctx), ctx)) ? next() : middleware(ctx, next))
  }
  return Object.assign(middleware, { unless })
}
