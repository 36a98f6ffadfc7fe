import { type Auth, asError, authorizationField, checkOptions, type Guard, kind, type OptionShape, optional } from '@countersign/core'
import { decodedPart, isOtherScheme, presentedToken, requireGuard, withToken, writableCopy } from '@countersign/core/compat'
import type { Middleware } from '../middleware.js'
import { type ExpressRequest, guardRequest, setFields } from '../wire.js'
import { bearerRefusal } from './bearer-refusal.js'

/** Options of {@link auth}. All others of `express-oauth2-jwt-bearer` are options of the guard. */
export interface AuthOptions {
  /** Whether a request without a token is refused. A bad token always is. @defaultValue true */
  readonly authRequired?: boolean
}

const ofEntry = 'it belongs to the entry of an issuer, for instance oidc({ … })'
const names = ['issuerBaseURL', 'issuer', 'jwksUri', 'audience', 'secret', 'publicKey', 'tokenSigningAlg', 'clockTolerance', 'maxTokenAge']
const advice = { ...Object.fromEntries(names.map((name) => [name, ofEntry])), dpop: 'createGuard has the option senderConstraint' }
const shape: OptionShape<AuthOptions> = { authRequired: kind.flag }

/**
 * `auth` of `express-oauth2-jwt-bearer` 1 with a guard in place of keys and rules: handlers and error handlers stay as they are. `req.auth` has
 * `header`, `payload` and `token`. An outage goes to `next` as a `ServiceUnavailableError` with the status 503.
 *
 * @param guard - from `createGuard`
 * @throws TypeError if the guard is missing, or an option is unknown or wrong
 * @example
 * app.use(auth(guard))
 * app.get('/me', requiredScopes('read'), (req, res) => res.json(req.auth.payload))
 */
export function auth<A extends Auth>(guard: Guard<A>, options: AuthOptions = {}): Middleware {
  checkOptions('auth', options, shape, advice)
  requireGuard('auth', guard)
  const requirements = options.authRequired === false ? [optional()] : []
  return (req: ExpressRequest & { auth?: object }, res, next) => {
    const sent = guardRequest(req)
    const admit = async (): Promise<Error | undefined> => {
      const field = authorizationField(sent)
      // A route for everybody takes credentials of another scheme for none: they may be for somebody else.
      const isNone = requirements.length > 0 && isOtherScheme(field)
      const admission = await guard.check(isNone ? withToken(sent, undefined) : sent, ...requirements)
      if (!admission.ok) return bearerRefusal(admission, field)
      if (admission.anonymous) return undefined
      if (admission.headers) setFields(res, admission.headers)
      const token = presentedToken(sent)
      req.auth = { payload: writableCopy(admission.auth.claims), header: decodedPart(token, 0), token }
      return undefined
    }
    admit().then(
      (refusal) => (refusal ? next(refusal) : next()),
      (error: unknown) => next(asError(error)),
    )
  }
}
