import { type Auth, asError, type Guard } from '@countersign/core'
import { requireGuard } from '@countersign/core/compat'
import type { ExpressRequest } from '../wire.js'
import { checkToken } from './strategy-check.js'
import { type CountersignStrategyOptions, checkStrategyOptions } from './strategy-options.js'

/** What passport gives to a strategy for one request. */
export interface StrategyActions {
  success(user: object, info?: object): void
  fail(challenge?: unknown, status?: number): void
  error(error: unknown): void
}

/** What a verify callback calls: an error, or the user, or false. */
export type Verified = (error: unknown, user?: object | false, info?: object) => void

/** Finds the user of the claims, as with `passport-jwt`. */
export type VerifyCallback<Claims = object> = (claims: Claims, done: Verified) => void

/** The same with `passReqToCallback`. */
export type VerifyRequestCallback<R = ExpressRequest, Claims = object> = (req: R, claims: Claims, done: Verified) => void

type Call = (...args: readonly unknown[]) => void

/**
 * `JwtStrategy` of `passport-jwt` 4 with a guard in place of keys and rules: the callback gets a copy of the claims, and `info` of a failure is an error
 * with the names of `jsonwebtoken`. An outage is an error with the status 503, and never a failure: passport would try the next strategy and answer 401.
 *
 * @throws TypeError if the guard or the callback is missing, or an option is unknown or wrong
 * @example
 * passport.use(new CountersignStrategy(guard, (claims, done) => done(null, { id: claims.sub })))
 */
export class CountersignStrategy<A extends Auth = Auth, R extends ExpressRequest = ExpressRequest> {
  readonly name: string
  /** Called by passport, on an object that inherits from this one and has the actions of passport. */
  readonly authenticate: (this: StrategyActions, req: R) => void

  constructor(guard: Guard<A>, verify: VerifyCallback<A['claims']>, options?: CountersignStrategyOptions<R> & { passReqToCallback?: false })
  constructor(
    guard: Guard<A>,
    verify: VerifyRequestCallback<R, A['claims']>,
    options: CountersignStrategyOptions<R> & { passReqToCallback: true },
  )
  constructor(guard: Guard<A>, verify: (...args: never) => void, options: CountersignStrategyOptions<R> = {}) {
    checkStrategyOptions(options, verify)
    requireGuard('CountersignStrategy', guard)
    this.name = options.name ?? 'jwt'
    this.authenticate = function (req) {
      const done: Verified = (error, user, info) => {
        if (error) this.error(error)
        else if (user) this.success(user, info)
        else this.fail(info)
      }
      const goOn = (claims: A['claims']): void => (verify as unknown as Call)(...(options.passReqToCallback ? [req] : []), claims, done)
      checkToken(guard, req, options)
        .then((verdict) => ('failure' in verdict ? this.fail(verdict.failure) : goOn(verdict.claims)))
        .catch((error: unknown) => this.error(asError(error)))
    }
  }
}
