import { checkOptions, kind, type OptionShape } from '@countersign/core'
import { isMemberPath, ruleAdvice } from '@countersign/core/compat'
import type { ExpressRequest } from '../wire.js'

/** Options of {@link expressJwt}: those of `express-jwt` that say where things are. All others are options of the guard. */
export interface ExpressJwtOptions<R extends ExpressRequest = ExpressRequest> {
  /** The member of the request that gets the claims; dots lead into an object. @defaultValue `auth` */
  readonly requestProperty?: string
  /** Whether a request without a token is refused. @defaultValue true */
  readonly credentialsRequired?: boolean
  /** Finds the token of a request in place of the Authorization field; undefined is a request without one. */
  readonly getToken?: (req: R) => string | undefined | Promise<string | undefined>
}

const shape: OptionShape<ExpressJwtOptions> = {
  requestProperty: kind.satisfying('a name of a member, or several with dots between them', isMemberPath),
  credentialsRequired: kind.flag,
  getToken: kind.func,
}

const advice = {
  ...ruleAdvice,
  clockTolerance: 'the entry of an issuer has clockToleranceSeconds',
  maxAge: 'the entry of an issuer has maxAgeSeconds',
  ignoreExpiration: 'a token that expired is always refused',
  onExpired: 'a token that expired is always refused; the error handler gets inner.name "TokenExpiredError"',
}

/** @throws TypeError for an option that is unknown or wrong */
export function checkExpressJwtOptions(options: unknown): void {
  checkOptions<ExpressJwtOptions>('expressJwt', options, shape, advice)
}
