import { type Auth, asError, type Guard } from '@countersign/core'
import { createUnless, requireGuard, type UnlessOptions } from '@countersign/core/compat'
import type { Middleware } from '../middleware.js'
import { type ExpressRequest, guardRequest } from '../wire.js'
import { createJwtCheck } from './express-jwt-check.js'
import { checkExpressJwtOptions, type ExpressJwtOptions } from './express-jwt-options.js'

/** A middleware that can be left out for some requests. */
export interface UnlessMiddleware<R extends ExpressRequest = ExpressRequest> extends Middleware<R> {
  /**
   * The same middleware, but not for requests that fit.
   *
   * @throws TypeError for an option that is unknown or wrong
   */
  unless(options: UnlessOptions<R> | NonNullable<UnlessOptions<R>['custom']>): UnlessMiddleware<R>
}

function withUnless<R extends ExpressRequest>(middleware: Middleware<R>): UnlessMiddleware<R> {
  const unless: UnlessMiddleware<R>['unless'] = (options) => {
    const isLeftOut = createUnless<R>('expressJwt.unless', options)
    return withUnless((req, res, next) => {
      const goOn = (leftOut: boolean): void => (leftOut ? next() : middleware(req, res, next))
      isLeftOut(guardRequest(req), req).then(goOn, (error: unknown) => next(asError(error)))
    })
  }
  return Object.assign(middleware, { unless })
}

/**
 * `expressjwt` of `express-jwt` 8 with a guard in place of keys and rules: handlers and error handlers stay as they are. `req.auth` is a copy of the
 * claims. A refusal goes to `next` as an {@link UnauthorizedError}, an outage as a `ServiceUnavailableError` with the status 503.
 *
 * @param guard - from `createGuard`
 * @param options - see {@link ExpressJwtOptions}
 * @throws TypeError if the guard is missing, or an option is unknown or wrong
 * @example
 * app.use(expressJwt(guard).unless({ path: ['/login'] }))
 * app.get('/me', (req, res) => res.json(req.auth))
 */
export function expressJwt<A extends Auth, R extends ExpressRequest = ExpressRequest>(
  guard: Guard<A>,
  options: ExpressJwtOptions<R> = {},
): UnlessMiddleware<R> {
  checkExpressJwtOptions(options)
  requireGuard('expressJwt', guard)
  const check = createJwtCheck(guard, options)
  return withUnless((req, res, next) => {
    const fail = (error: unknown): void => next(asError(error))
    check(req, res).then((refusal) => (refusal === undefined ? next() : next(refusal)), fail)
  })
}
