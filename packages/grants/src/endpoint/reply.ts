import { hasOwn, type Reply } from '@countersign/core'
import type { Challenged } from '../grants/grant.js'
import type { TokenRefusal } from '../refusal.js'
import type { TokenContext, TokenDialect, TokenResponse } from './dialect.js'

/** What a request came to. */
export type TokenAnswer =
  | { readonly ok: true; readonly response: TokenResponse }
  | { readonly ok: false; readonly refusal: TokenRefusal }
  | Challenged

const decided: readonly string[] = ['cache-control', 'pragma', 'www-authenticate', 'retry-after']

function word(answer: TokenAnswer, dialect: TokenDialect, context: TokenContext): Reply {
  if (answer.ok) return dialect.success(answer.response, context)
  return hasOwn(answer, 'challenge') ? dialect.challenge(answer.challenge, context) : dialect.refusal(answer.refusal, context)
}

/** The reply as the dialect words it, with the header fields that are not a matter of taste (RFC 6749 §5.1, §5.2). */
export function tokenReply(
  answer: TokenAnswer,
  { issuer, dialect, context }: { readonly issuer: string; readonly dialect: TokenDialect; readonly context: TokenContext },
): Reply {
  const worded = word(answer, dialect, context)
  const headers: Record<string, string | readonly string[]> = {}
  for (const [name, value] of Object.entries(worded.headers)) {
    const lowered = name.toLowerCase()
    if (!decided.includes(lowered)) headers[lowered] = value
  }
  headers['cache-control'] = 'no-store'
  headers.pragma = 'no-cache'
  if (worded.status === 401) headers['www-authenticate'] = dialect.wwwAuthenticate ?? `Basic realm="${issuer}", charset="UTF-8"`
  if (worded.status === 405) headers.allow = 'POST'
  if (hasOwn(answer, 'refusal') && answer.refusal.retryAfterSeconds !== undefined)
    headers['retry-after'] = String(Math.max(1, Math.ceil(answer.refusal.retryAfterSeconds)))
  return { status: worded.status, headers, body: worded.body }
}
