import type { JwtError } from '@countersign/core/compat'

/** The codes of `express-jwt`. */
export type UnauthorizedCode =
  | 'credentials_required'
  | 'credentials_bad_scheme'
  | 'credentials_bad_format'
  | 'invalid_token'
  | 'revoked_token'

type Fields = Readonly<Record<string, string | readonly string[]>>

/**
 * What goes to the error handler for a request that is refused, with the members that the old package gives it. The errors of
 * `express-oauth2-jwt-bearer` inherit from it. An outage is a `ServiceUnavailableError`.
 */
export class UnauthorizedError extends Error {
  declare readonly status: number
  /** The code of `express-jwt`, or that of RFC 6750 §3.1. */
  declare readonly code: string | undefined
  /** With `expressJwt`: why, an error like that of `jsonwebtoken`, or an object with a message. */
  declare readonly inner: JwtError | { readonly message: string } | undefined
  /** Fields for the reply, which Express's own error handler sets. */
  declare readonly headers: Fields

  /**
   * @param message - as the old package says it
   * @param members - in the order in which `JSON.stringify` shows them
   * @param hidden - members that it does not show
   */
  constructor(message: string, members: object, hidden: { readonly headers?: Fields } = {}) {
    super(message)
    Object.assign(this, members)
    for (const [name, value] of Object.entries(hidden)) Object.defineProperty(this, name, { value })
  }
}
