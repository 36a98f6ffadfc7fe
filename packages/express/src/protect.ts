import { type Auth, asError, createProtection, type Guard, type ProtectArguments } from '@countersign/core'
import type { Middleware } from './middleware.js'
import { type ExpressRequest, guardRequest, send, setFields } from './wire.js'

/**
 * Admits a request that the guard admits and that fulfils every requirement, and answers all others.
 *
 * @param guard - from `createGuard`
 * @param given - what the route demands, judged in order, with Express's request; then perhaps options
 * @throws TypeError if the guard is missing, a requirement is not a function, or an option is wrong
 */
export function protect<A extends Auth, R extends ExpressRequest>(guard: Guard<A>, ...given: ProtectArguments<A, R>): Middleware<R> {
  const admits = createProtection(guard, given, { send, setFields })
  return (req, res, next) => {
    const fail = (error: unknown): void => next(asError(error))
    const goOn = (admitted: boolean): void => {
      if (admitted) next()
    }
    let admitted: boolean | Promise<boolean>
    try {
      admitted = admits(guardRequest(req), res)
    } catch (error) {
      return fail(error)
    }
    // Not within the try, and with two arguments: an error of a later handler is never handed to next a second time.
    if (typeof admitted === 'boolean') goOn(admitted)
    else admitted.then(goOn, fail)
  }
}

/**
 * What `guard` admitted this request with; `via` tells the issuer entry and narrows `claims`.
 *
 * @throws if this guard did not admit this request, or admitted it without credentials
 */
export function authOf<A extends Auth>(guard: Guard<A>, req: ExpressRequest): A {
  return guard.authOf(req)
}

/**
 * The same, but undefined for a request that was admitted without credentials.
 *
 * @throws if this guard did not admit this request
 */
export function optionalAuthOf<A extends Auth>(guard: Guard<A>, req: ExpressRequest): A | undefined {
  return guard.optionalAuthOf(req)
}
