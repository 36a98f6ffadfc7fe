import type { Middleware } from '../middleware.js'
import type { ExpressRequest } from '../wire.js'
import { InvalidTokenError, missingCredentials } from './bearer-errors.js'

/** The payload that `auth` has set. */
export type Payload = Readonly<Record<string, unknown>>

/** The values of a claim: of a list, or of a text with spaces. @throws InvalidTokenError without the claim */
export function valuesOf(payload: Payload, claim: string): readonly unknown[] {
  if (!Object.hasOwn(payload, claim)) throw new InvalidTokenError(`Missing '${claim}' claim`)
  const value = payload[claim]
  return typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : []
}

/** Accepts a request if `test` says so of the payload that `auth` has set. A test may throw the error that it wants. */
export function check(test: (payload: Payload) => boolean, message?: string): Middleware {
  return (req: ExpressRequest & { auth?: { payload?: Payload } }, _res, next) => {
    try {
      const payload = req.auth?.payload
      if (!payload) throw missingCredentials()
      if (!test(payload)) throw new InvalidTokenError(message)
    } catch (error) {
      return next(error)
    }
    next()
  }
}
