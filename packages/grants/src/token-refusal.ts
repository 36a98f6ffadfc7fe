/** Why a token request was refused: one list, for logs, events and tests. The wire says less. */
export type TokenReason =
  // the request
  | 'malformed_request'
  | 'unsupported_media_type'
  | 'too_large'
  | 'wrong_method'
  | 'missing_parameter'
  | 'unsupported_grant_type'
  // the client
  | 'several_authentications'
  | 'no_authentication'
  | 'malformed_credentials'
  | 'unknown_client'
  | 'locked_client'
  | 'wrong_secret'
  | 'wrong_method_of_client'
  | 'unsupported_authentication'
  | 'grant_not_allowed'
  // what is asked for
  | 'malformed_scope'
  | 'scope_not_allowed'
  | 'target_not_allowed'
  // what is presented
  | 'invalid_grant'
  | 'inactive_subject'
  | 'wrong_credentials'
  | 'wrong_code'
  | 'challenge_unknown'
  | 'refresh_malformed'
  | 'refresh_not_allowed'
  | 'refresh_gone'
  | 'refresh_revoked'
  | 'refresh_reused'
  | 'refresh_mismatch'
  | 'store_rollback'
  // limits and outages
  | 'too_many_requests'
  | 'too_many_failures'
  | 'unavailable'

/** A refusal of the token endpoint as a value. It is the client's fault unless `status` is 503. */
export interface TokenRefusal {
  readonly reason: TokenReason
  readonly status: 400 | 401 | 405 | 413 | 415 | 429 | 503
  /** Registered code for the wire (RFC 6749 §5.2, RFC 8707 §2). */
  readonly error: string
  /** A fixed text: nothing of the request is ever in it. */
  readonly description: string
  /** Whole seconds; with 429 and 503. */
  readonly retryAfterSeconds?: number
}

type Wire = Pick<TokenRefusal, 'status' | 'error' | 'description'>

const row = (status: TokenRefusal['status'], error: string, description: string): Wire => ({ status, error, description })
const badRequest = (description: string): Wire => row(400, 'invalid_request', description)

// One text: whether a client is known, or locked, is nobody's business.
const badClient = row(401, 'invalid_client', 'The client is not known, or its authentication failed.')
const badGrant = row(400, 'invalid_grant', 'What the request presents is not valid, or not any more.')
const badScope = row(400, 'invalid_scope', 'A scope is malformed or not allowed for this client.')

const wire: Readonly<Record<TokenReason, Wire>> = {
  malformed_request: badRequest('The body is malformed, or a parameter is repeated or no text.'),
  unsupported_media_type: row(415, 'invalid_request', 'The body is application/x-www-form-urlencoded.'),
  too_large: row(413, 'invalid_request', 'The body is too large.'),
  wrong_method: row(405, 'invalid_request', 'Tokens are requested with POST.'),
  missing_parameter: badRequest('A parameter that this grant needs is missing.'),
  unsupported_grant_type: row(400, 'unsupported_grant_type', 'This grant type is not supported.'),
  several_authentications: badRequest('The request authenticates the client in more than one way.'),
  no_authentication: row(401, 'invalid_client', 'Authentication of the client is required.'),
  malformed_credentials: badClient,
  unknown_client: badClient,
  locked_client: badClient,
  wrong_secret: badClient,
  wrong_method_of_client: badClient,
  unsupported_authentication: badClient,
  grant_not_allowed: row(400, 'unauthorized_client', 'The client may not use this grant type.'),
  malformed_scope: badScope,
  scope_not_allowed: badScope,
  target_not_allowed: row(400, 'invalid_target', 'A requested audience or resource is not allowed for this client.'),
  invalid_grant: badGrant,
  inactive_subject: badGrant,
  wrong_credentials: badGrant,
  wrong_code: badGrant,
  challenge_unknown: badGrant,
  refresh_malformed: badGrant,
  refresh_not_allowed: badGrant,
  refresh_gone: badGrant,
  refresh_revoked: badGrant,
  refresh_reused: badGrant,
  refresh_mismatch: badGrant,
  store_rollback: badGrant,
  too_many_requests: row(429, 'temporarily_unavailable', 'Too many requests.'),
  too_many_failures: row(429, 'temporarily_unavailable', 'Too many failed attempts.'),
  unavailable: row(503, 'temporarily_unavailable', 'The request cannot be answered at the moment.'),
}

/**
 * Makes a refusal, for instance in a grant of the host's own.
 *
 * @param reason - decides status and code
 * @param fields - `description` must be a literal of the program's own
 */
export function refuseToken(
  reason: TokenReason,
  fields: Partial<Pick<TokenRefusal, 'description' | 'retryAfterSeconds'>> = {},
): TokenRefusal {
  return Object.freeze({ reason, ...wire[reason], ...fields })
}

/** The failing half of an answer. */
export interface TokenRefused {
  readonly ok: false
  readonly refusal: TokenRefusal
}

/** A refusal as an answer. */
export function refused(reason: TokenReason, fields?: Parameters<typeof refuseToken>[1]): TokenRefused {
  return { ok: false, refusal: refuseToken(reason, fields) }
}
