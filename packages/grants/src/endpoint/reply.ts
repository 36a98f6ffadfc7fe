import { hasOwn, isUnavailable, jsonReply, type Reply } from '@countersign/core'
import type { Client } from '../clients/record/client.js'
import type { Challenged, TokenChallenge } from '../grants/grant.js'
import { refused, type TokenRefusal, type TokenRefused } from '../refusal.js'

/** A successful answer (RFC 6749 §5.1). */
export interface TokenResponse {
  readonly accessToken: string
  /** `DPoP` for a token that is bound to a key (RFC 9449 §5). @defaultValue `'Bearer'` */
  readonly tokenType?: 'Bearer' | 'DPoP'
  readonly expiresInSeconds: number
  /** What was granted. */
  readonly scopes: readonly string[]
  readonly refreshToken: string | undefined
  /** A URN; with token exchange (RFC 8693 §2.2.1). */
  readonly issuedTokenType?: string | undefined
  /** Those of the access token, for members that a dialect adds; absent for a token of another issuer. */
  readonly claims?: Readonly<Record<string, unknown>>
  readonly client: Client
  /** When the answer was made, in epoch milliseconds. */
  readonly nowMs: number
}

/** What a dialect may know of the request. */
export interface TokenContext {
  /** As requested, also where the endpoint does not have it; undefined where it could not be read. */
  readonly grantType: string | undefined
}

/**
 * How an API words the answers of its token endpoint. `Cache-Control`, `Pragma`, `Retry-After` and `WWW-Authenticate` are
 * added to the reply by the endpoint.
 */
export interface TokenDialect {
  /** `WWW-Authenticate` of every 401. @defaultValue `Basic` with the issuer as realm */
  readonly wwwAuthenticate?: string
  success(response: TokenResponse, context: TokenContext): Reply
  challenge(challenge: TokenChallenge, context: TokenContext): Reply
  refusal(refusal: TokenRefusal, context: TokenContext): Reply
}

/** RFC 6749 §5.1 and §5.2; a challenge is a 400 `mfa_required`. */
export const rfc6749: TokenDialect = Object.freeze({
  success: ({ accessToken, expiresInSeconds, scopes, refreshToken, issuedTokenType, tokenType = 'Bearer' }: TokenResponse) =>
    jsonReply(200, {
      access_token: accessToken,
      ...(issuedTokenType !== undefined && { issued_token_type: issuedTokenType }),
      token_type: tokenType,
      expires_in: expiresInSeconds,
      ...(scopes.length > 0 && { scope: scopes.join(' ') }),
      ...(refreshToken !== undefined && { refresh_token: refreshToken }),
    }),
  challenge: ({ token, types, expiresInSeconds, isRetry }: TokenChallenge) =>
    jsonReply(400, {
      error: 'mfa_required',
      error_description: isRetry ? 'The code is wrong.' : 'A further factor is required.',
      mfa_token: token,
      challenge_types: types,
      expires_in: expiresInSeconds,
    }),
  refusal: ({ status, error, description }: TokenRefusal) => jsonReply(status, { error, error_description: description }),
})

/** The result of a request. */
export type TokenAnswer =
  | { readonly ok: true; readonly response: TokenResponse }
  | { readonly ok: false; readonly refusal: TokenRefusal }
  | Challenged

const decided: readonly string[] = ['cache-control', 'pragma', 'www-authenticate', 'retry-after']

function word(answer: TokenAnswer, dialect: TokenDialect, context: TokenContext): Reply {
  if (answer.ok) return dialect.success(answer.response, context)
  return hasOwn(answer, 'challenge') ? dialect.challenge(answer.challenge, context) : dialect.refusal(answer.refusal, context)
}

/** What a reply depends on beside the answer. */
interface ReplyOptions {
  readonly issuer: string
  readonly dialect: TokenDialect
  readonly context: TokenContext
  /** For the field `DPoP-Nonce` (RFC 9449 §8). */
  readonly nonce?: string | undefined
}

/** The reply as the dialect words it, with the header fields that are not a matter of taste (RFC 6749 §5.1, §5.2). */
export function tokenReply(answer: TokenAnswer, { issuer, dialect, context, nonce }: ReplyOptions): Reply {
  const worded = word(answer, dialect, context)
  const headers: Record<string, string | readonly string[]> = {}
  for (const [name, value] of Object.entries(worded.headers)) {
    const lowered = name.toLowerCase()
    if (!decided.includes(lowered)) headers[lowered] = value
  }
  headers['cache-control'] = 'no-store'
  headers.pragma = 'no-cache'
  if (nonce !== undefined) {
    headers['dpop-nonce'] = nonce
    // A browser shows it to a program of another origin only if it is named here.
    headers['access-control-expose-headers'] = 'DPoP-Nonce'
  }
  if (worded.status === 401) headers['www-authenticate'] = dialect.wwwAuthenticate ?? `Basic realm="${issuer}", charset="UTF-8"`
  if (worded.status === 405) headers.allow = 'POST'
  if (hasOwn(answer, 'refusal') && answer.refusal.retryAfterSeconds !== undefined)
    headers['retry-after'] = String(Math.max(1, Math.ceil(answer.refusal.retryAfterSeconds)))
  return { status: worded.status, headers, body: worded.body }
}

/**
 * What a request is answered with; an outage is a refusal with `Retry-After`. Rejects with everything else, which is for the host's error
 * handler.
 *
 * @param trace - is told the cause of an outage, for the event
 */
export async function orRefused<T>(work: Promise<T>, trace: { cause?: unknown }): Promise<T | TokenRefused> {
  try {
    return await work
  } catch (error) {
    if (!isUnavailable(error)) throw error
    trace.cause = error.cause
    return refused('unavailable', { retryAfterSeconds: error.retryAfterSeconds })
  }
}
