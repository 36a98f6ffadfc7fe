import { type Refusal, type Reply, readJson, type WireRequest } from '@countersign/core'
import { errorReply, unreadableReply } from './envelope.js'

/** What a nonce can be spent for, once each. */
export type Purpose = 'login' | 'sms_verification'

/** A JSON object as it was sent. */
export type Body = Readonly<Record<string, unknown>>

/** The log knows replayed from unknown from another client's; the wire knows three answers. */
export function nonceRefused({ reason }: Refusal, request: WireRequest): Reply {
  if (reason === 'expired') return errorReply(401, 'JWT expired', request, { type: 'jwt_expired' })
  if (reason === 'audience') return errorReply(401, 'JWT is not permitted for this action', request, { type: 'jwt_aud_invalid' })
  return errorReply(401, 'JWT is invalid.', request, { type: 'jwt_invalid' })
}

/** The body, or the reply to one that cannot be read. */
export async function jsonBody(request: WireRequest): Promise<{ readonly body: Body } | { readonly reply: Reply }> {
  const body = await readJson(request)
  return body.ok ? { body: body.value } : { reply: unreadableReply(body.status, request) }
}

/** Whether a field was sent at all. */
export const isBlank = (value: unknown): boolean =>
  value === undefined || value === null || (typeof value === 'string' && value.trim() === '')

/** Whether a field is a text that is not empty. */
export const isText = (value: unknown): value is string => typeof value === 'string' && !isBlank(value)
