import type { JwtError } from '@countersign/core/compat'

/** The codes of `express-jwt`. */
export type UnauthorizedCode =
  | 'credentials_required'
  | 'credentials_bad_scheme'
  | 'credentials_bad_format'
  | 'invalid_token'
  | 'revoked_token'

/** What goes to the error handler for a request that is refused, as `express-jwt` 8 gives it. An outage is a `ServiceUnavailableError`. */
export class UnauthorizedError extends Error {
  readonly code: UnauthorizedCode
  readonly status: number = 401
  override readonly name: string = 'UnauthorizedError'
  /** Why: an error like that of `jsonwebtoken`, or an object with a message. */
  readonly inner: JwtError | { readonly message: string }
  /** Fields for the reply, which Express's own error handler sets. `JSON.stringify` leaves them out. */
  declare readonly headers: Readonly<Record<string, string | readonly string[]>>

  /**
   * @param code - the code of `express-jwt`
   * @param inner - its message is the message of this error
   * @param headers - fields for the reply
   */
  constructor(code: UnauthorizedCode, inner: UnauthorizedError['inner'], headers: UnauthorizedError['headers'] = {}) {
    super(inner.message)
    this.code = code
    this.inner = inner
    Object.defineProperty(this, 'headers', { value: headers })
  }
}
