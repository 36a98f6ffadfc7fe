import type { Admission } from './auth.js'
import type { Reply } from './http.js'
import { type ErrorCode, type Reason, refuse } from './refusal.js'

type RefusedAdmission = Extract<Admission<never>, { ok: false }>

/** What describes a body that an error handler replaces. */
const ofBody: readonly string[] = ['content-type', 'content-length', 'content-encoding', 'etag']

const withoutBody = (headers: Reply['headers']): Record<string, string | string[]> =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !ofBody.includes(name.toLowerCase()))
      .map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
  )

/**
 * A refusal as an error, for hosts whose error handler writes every error. Its members are those of `http-errors`: the error handlers of
 * Express and Koa answer with `status` and `headers` without further work. It holds nothing of the token.
 *
 * @example
 * const error = new RefusedError({ ok: false, reason: 'expired', reply: { status: 401, headers: { 'www-authenticate': 'Bearer' } } })
 * // error.status is 401, error.reason is 'expired', error.code is 'invalid_token'
 */
export class RefusedError extends Error {
  override readonly name: string = 'RefusedError'
  /** HTTP status: 400, 401, 403, 429, or 503 in an outage. */
  readonly status: number
  /** The same as `status`. */
  readonly statusCode: number
  /** Fields that the answer must have, for instance `www-authenticate` (RFC 6750 §3) or `retry-after`. */
  readonly headers: Readonly<Record<string, string | string[]>>
  /** The message may be sent to the client: it is a fixed text. */
  readonly expose: boolean = true
  /** The exact reason, for logs. The client must not see it. */
  readonly reason: Reason
  /** The registered code (RFC 6750 §3.1); undefined where the RFC wants none. */
  readonly code: ErrorCode | undefined
  /** The answer that the guard would have sent. */
  readonly reply: Reply

  constructor({ reason, reply }: RefusedAdmission) {
    const { description, code } = refuse(reason)
    super(description)
    this.status = reply.status
    this.statusCode = reply.status
    this.headers = withoutBody(reply.headers)
    this.reason = reason
    this.code = code
    this.reply = reply
  }
}
