import type { Admission } from '../auth.js'
import type { Reply } from '../http.js'
import { type Reason, refuse } from '../refusal.js'

type Refused = Extract<Admission<never>, { ok: false }>

/**
 * A token could not be checked: an issuer's keys or a store are unavailable, or a budget is used up. It is never an `UnauthorizedError`, because the
 * token may be valid and a client must keep it. The error handling of Express and Koa reads `status` and `headers`.
 */
export class ServiceUnavailableError extends Error {
  override readonly name = 'ServiceUnavailableError'
  /** 503, or 429 if a budget is used up. */
  readonly status: number
  readonly statusCode: number
  readonly reason: Reason
  /** `retry-after` and `cache-control`. */
  readonly headers: Reply['headers']

  /** @param refused - what the guard answered */
  constructor({ reason, reply }: Refused) {
    super(refuse(reason).description)
    this.status = reply.status
    this.statusCode = reply.status
    this.reason = reason
    this.headers = headersOf(reply)
  }
}

/** Whether a refusal says nothing about the token. */
export function isOutage({ reply }: Refused): boolean {
  return reply.status === 429 || reply.status >= 500
}

/** The fields of a reply that stay right with another body. */
export function headersOf({ headers }: Reply): Reply['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'content-type'))
}
