import type { ServerResponse } from 'node:http'
import { type Auth, asError, createProtection, type Guard, type Requirement } from '@countersign/core'
import { type ExpressRequest, guardRequest, send, setFields } from './wire.js'

/** Express's continuation, as far as it is used. */
export type Next = (error?: unknown) => void

/** A middleware for `app.use`, `app.get` and the like, for any `Request` that is an `R`. */
export type Middleware<R extends ExpressRequest = ExpressRequest> = (req: R, res: ServerResponse, next: Next) => void

/**
 * Admits a request that the guard admits and that fulfils every requirement, and answers all others.
 *
 * @param guard - from `createGuard`
 * @param requirements - what the route demands, judged in order, with Express's request
 * @throws TypeError if the guard is missing, or a requirement is not a function
 */
export function protect<A extends Auth, R extends ExpressRequest>(
  guard: Guard<A>,
  ...requirements: readonly Requirement<A, R>[]
): Middleware<R> {
  const admits = createProtection(guard, requirements, { send, setFields })
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
