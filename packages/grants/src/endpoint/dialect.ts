import { jsonReply, type Reply } from '@countersign/core'
import type { Client } from '../clients/client.js'
import type { TokenChallenge } from '../grants/grant.js'
import type { TokenRefusal } from '../refusal.js'

/** A successful answer (RFC 6749 §5.1). */
export interface TokenResponse {
  readonly accessToken: string
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
  success: ({ accessToken, expiresInSeconds, scopes, refreshToken, issuedTokenType }: TokenResponse) =>
    jsonReply(200, {
      access_token: accessToken,
      ...(issuedTokenType !== undefined && { issued_token_type: issuedTokenType }),
      token_type: 'Bearer',
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
