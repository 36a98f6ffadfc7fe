import { type Reason, refuse } from '../refusal.js'
import { decodedPart } from './request-token.js'

/** What `jsonwebtoken` throws, as far as error handlers read it. */
export interface JwtError extends Error {
  readonly name: 'JsonWebTokenError' | 'TokenExpiredError' | 'NotBeforeError'
  /** The end of the token, with the name `TokenExpiredError`. */
  readonly expiredAt?: Date
  /** The beginning of the token, with the name `NotBeforeError`. */
  readonly date?: Date
}

/** The messages of `jsonwebtoken`. Reasons that it does not know have the text of the guard. */
const messages: Readonly<Partial<Record<Reason, string>>> = {
  no_credentials: 'jwt must be provided',
  too_large: 'jwt malformed',
  malformed: 'jwt malformed',
  malformed_request: 'jwt malformed',
  header: 'invalid token',
  claims: 'invalid token',
  algorithm: 'invalid algorithm',
  unknown_issuer: 'jwt issuer invalid',
  unknown_key: 'secret or public key must be provided',
  signature: 'invalid signature',
  expired: 'jwt expired',
  not_yet_valid: 'jwt not active',
  too_old: 'maxAge exceeded',
  audience: 'jwt audience invalid',
}

function dateOf(claim: unknown): Date | undefined {
  return typeof claim === 'number' ? new Date(claim * 1000) : undefined
}

function membersOf(reason: Reason, token: string | undefined): Pick<JwtError, 'name' | 'expiredAt' | 'date'> {
  const { exp, nbf } = decodedPart(token, 1)
  const [expiredAt, date] = [dateOf(exp), dateOf(nbf)]
  if (reason === 'expired') return { name: 'TokenExpiredError', ...(expiredAt && { expiredAt }) }
  if (reason === 'too_old') return { name: 'TokenExpiredError' }
  if (reason === 'not_yet_valid') return { name: 'NotBeforeError', ...(date && { date }) }
  return { name: 'JsonWebTokenError' }
}

/** `jsonwebtoken` calls a token malformed only if it has not three parts. */
function messageOf(reason: Reason, token: string | undefined): string {
  const isMalformed = reason === 'malformed' || reason === 'malformed_request'
  if (isMalformed && token?.split('.').length === 3) return 'invalid token'
  return messages[reason] ?? refuse(reason).description
}

/**
 * The error of `jsonwebtoken` for a refusal of a guard, for error handlers that were written for it.
 *
 * @param reason - of the refusal
 * @param token - for `expiredAt` and `date`, which are read from it without a check: a guard refuses with these reasons after the signature
 * @param message - in place of the usual one
 * @returns an error whose name and message are enumerable, as those of `jsonwebtoken` are
 * @example
 * jwtError('expired', token).name // 'TokenExpiredError'
 */
export function jwtError(reason: Reason, token: string | undefined, message: string = messageOf(reason, token)): JwtError {
  const { name, ...times } = membersOf(reason, token)
  const error = new Error()
  // In this order, which `JSON.stringify` shows.
  for (const [member, value] of Object.entries({ name, message, ...times }))
    Object.defineProperty(error, member, { value, enumerable: true, writable: true, configurable: true })
  // Again, with name and message.
  Error.captureStackTrace(error, jwtError)
  return error as JwtError
}
