import { type Auth, asError, createProtection, type Guard, type ProtectArguments } from '@countersign/core'
import type { Middleware } from './middleware.js'
import { guardRequest, type KoaContext, send, setFields } from './wire.js'

/**
 * Admits a request that the guard admits and that fulfils every requirement, and answers all others.
 *
 * @param guard - from `createGuard`
 * @param given - what the route demands, judged in order, with Koa's context; then perhaps options
 * @throws TypeError if the guard is missing, a requirement is not a function, or an option is wrong
 */
export function protect<A extends Auth, C extends KoaContext>(guard: Guard<A>, ...given: ProtectArguments<A, C>): Middleware<C> {
  const admits = createProtection(guard, given, { send, setFields })
  return async (ctx, next) => {
    let admitted: boolean
    try {
      const answer = admits(guardRequest(ctx), ctx)
      // Where the answer is there, the next middleware begins in the same turn.
      admitted = typeof answer === 'boolean' ? answer : await answer
    } catch (cause) {
      throw asError(cause)
    }
    return admitted ? next() : undefined
  }
}

/**
 * What `guard` admitted this request with; `via` tells the issuer entry and narrows `claims`.
 *
 * @throws if this guard did not admit this request, or admitted it without credentials
 */
export function authOf<A extends Auth>(guard: Guard<A>, ctx: KoaContext): A {
  return guard.authOf(ctx)
}

/**
 * The same, but undefined for a request that was admitted without credentials.
 *
 * @throws if this guard did not admit this request
 */
export function optionalAuthOf<A extends Auth>(guard: Guard<A>, ctx: KoaContext): A | undefined {
  return guard.optionalAuthOf(ctx)
}
