import { type Admission, type Auth, type Guard, type Requirement, shownValue } from '@countersign/core'
import { guardRequest, type KoaContext, send } from './wire.js'

/** A middleware for `app.use` and for routers, for any context that is a `C`. */
export type Middleware<C extends KoaContext = KoaContext> = (ctx: C, next: () => Promise<unknown>) => Promise<unknown>

/**
 * Admits a request that the guard admits and that fulfils every requirement, and answers all others.
 *
 * @param guard - from `createGuard`
 * @param requirements - what the route demands, judged in order, with Koa's context
 * @throws TypeError if the guard is missing, or a requirement is not a function
 */
export function protect<A extends Auth, C extends KoaContext>(
  guard: Guard<A>,
  ...requirements: readonly Requirement<A, C>[]
): Middleware<C> {
  checkArguments(guard, requirements)
  return async (ctx, next) => {
    let admission: Admission<A>
    try {
      admission = await guard.check(guardRequest(ctx), ...requirements)
    } catch (cause) {
      throw asError(cause)
    }
    return admission.ok ? next() : send(ctx, admission.reply)
  }
}

/** Koa never answers a request that was rejected with undefined: what is thrown must be an object. */
export function asError(cause: unknown): unknown {
  return typeof cause === 'object' && cause !== null ? cause : new Error('a value that is not an Error was thrown', { cause })
}

/** A program that is not type-checked learns of it at start-up, not with its first request. */
function checkArguments(guard: Partial<Guard>, requirements: readonly unknown[]): void {
  if (typeof guard?.check !== 'function') throw new TypeError(`protect: the first argument must be a guard, got ${shownValue(guard)}`)
  for (const requirement of requirements) {
    if (typeof requirement !== 'function')
      throw new TypeError(`protect: a requirement must be a function such as requireScopes('a') returns, got ${shownValue(requirement)}`)
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
