import { type Reason, reasons, refuse } from '@countersign/core'

/** Why a JWT that a request presents is not believed. */
export type AssertionReason =
  | 'assertion_malformed'
  | 'assertion_algorithm'
  | 'assertion_key_unknown'
  | 'assertion_key_pending'
  | 'assertion_key_not_yet_valid'
  | 'assertion_key_expired'
  | 'assertion_key_retired'
  | 'assertion_key_revoked'
  | 'assertion_signature'
  | 'assertion_type'
  | 'assertion_bound'
  | 'assertion_issuer'
  | 'assertion_audience'
  | 'assertion_expired'
  | 'assertion_not_yet_valid'
  | 'assertion_issued_in_future'
  | 'assertion_life'
  | 'assertion_jti'
  | 'assertion_subject'
  | 'assertion_delegated'
  | 'assertion_revoked'
  | 'assertion_replayed'
  | 'assertion_unprovable'

/** Why a DPoP proof is not accepted, by the names that guards use. */
export type ProofReason = Extract<Reason, `proof_${string}`>

/** Why a token request was refused: one list, for logs, events and tests. The wire says less. */
export type TokenReason =
  // the request
  | 'malformed_request'
  | 'unsupported_media_type'
  | 'too_large'
  | 'wrong_method'
  | 'unknown_tenant'
  | 'missing_parameter'
  | 'unsupported_grant_type'
  // the client
  | 'several_authentications'
  | 'no_authentication'
  | 'malformed_credentials'
  | 'unknown_client'
  | 'locked_client'
  | 'wrong_secret'
  | 'wrong_certificate'
  | 'wrong_method_of_client'
  | 'unsupported_authentication'
  | 'grant_not_allowed'
  // scope and target
  | 'malformed_scope'
  | 'scope_not_allowed'
  | 'malformed_target'
  | 'target_not_allowed'
  | 'unsupported_token_type'
  | 'revocation_not_supported'
  | 'delegation_not_supported'
  // a JWT that somebody signed: a client assertion, an assertion, a subject token
  | AssertionReason
  | 'denied_by_policy'
  // the DPoP proof (RFC 9449 §5)
  | ProofReason
  // the certificate that tokens are bound to (RFC 8705 §3)
  | 'certificate_missing'
  // what is presented
  | 'invalid_grant'
  | 'foreign_token'
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
  | 'too_many_codes'
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

// One text: it must not show whether a client is known or locked.
const badClient = row(401, 'invalid_client', 'The client is unknown, or its authentication failed.')
const badGrant = row(400, 'invalid_grant', 'The presented grant is not valid, or it is no longer valid.')
const badAssertion = row(400, 'invalid_grant', 'The assertion is not valid, was already used, or does not permit this request.')
const badScope = row(400, 'invalid_scope', 'A scope is malformed or not allowed for this client.')

const badTarget = row(400, 'invalid_target', 'A requested audience or resource is malformed, or not allowed for this client.')

/** What a JWT was sent as, by the code that refuses it. */
type SentAs = 'invalid_client' | 'invalid_grant' | 'invalid_request'

/** What a bad assertion is depends on what it was sent as (RFC 7521 §4.1.1 and §4.2.1, RFC 8693 §2.2.2). */
const assertionWire: Readonly<Record<SentAs, Wire>> = {
  invalid_client: badClient,
  invalid_grant: badAssertion,
  invalid_request: badRequest('The subject token is not valid, was already used, or does not permit this request.'),
}

/** RFC 9449 §5 and §8: as guards say it, but a request for a token is bad, not unauthorised. */
const proofWire = Object.fromEntries(
  reasons
    .filter((reason): reason is ProofReason => reason.startsWith('proof_'))
    .map((reason) => [reason, row(400, refuse(reason).code ?? 'invalid_dpop_proof', refuse(reason).description)]),
) as Readonly<Record<ProofReason, Wire>>

const wire: Readonly<Record<TokenReason, Wire>> = {
  ...proofWire,
  certificate_missing: badRequest('The access tokens of this client are bound to a TLS certificate, and the request came without one.'),
  malformed_request: badRequest('The body is malformed, or a parameter is repeated or is not a string.'),
  unsupported_media_type: row(
    415,
    'invalid_request',
    'The body must be application/x-www-form-urlencoded, or application/json if this endpoint accepts JSON, and must not be compressed.',
  ),
  too_large: row(413, 'invalid_request', 'The body is too large.'),
  wrong_method: row(405, 'invalid_request', 'Tokens are requested with POST.'),
  unknown_tenant: badRequest('The issuer does not exist.'),
  missing_parameter: badRequest('A parameter that this grant needs is missing.'),
  unsupported_grant_type: row(400, 'unsupported_grant_type', 'This grant type is not supported.'),
  several_authentications: badRequest('The request authenticates the client in more than one way.'),
  no_authentication: row(401, 'invalid_client', 'Authentication of the client is required.'),
  malformed_credentials: badClient,
  unknown_client: badClient,
  locked_client: badClient,
  wrong_secret: badClient,
  wrong_certificate: badClient,
  wrong_method_of_client: badClient,
  unsupported_authentication: badClient,
  grant_not_allowed: row(400, 'unauthorized_client', 'The client may not use this grant type.'),
  malformed_scope: badScope,
  scope_not_allowed: badScope,
  malformed_target: badTarget,
  target_not_allowed: badTarget,
  unsupported_token_type: badRequest('This server does not exchange tokens of this type.'),
  delegation_not_supported: badRequest('This server does not issue tokens for an actor.'),
  assertion_malformed: badAssertion,
  assertion_algorithm: badAssertion,
  assertion_key_unknown: badAssertion,
  assertion_key_pending: badAssertion,
  assertion_key_not_yet_valid: badAssertion,
  assertion_key_expired: badAssertion,
  assertion_key_retired: badAssertion,
  assertion_key_revoked: badAssertion,
  assertion_signature: badAssertion,
  assertion_type: badAssertion,
  assertion_bound: badAssertion,
  assertion_issuer: badAssertion,
  assertion_audience: badAssertion,
  assertion_expired: badAssertion,
  assertion_not_yet_valid: badAssertion,
  assertion_issued_in_future: badAssertion,
  assertion_life: badAssertion,
  assertion_jti: badAssertion,
  assertion_subject: badAssertion,
  assertion_delegated: badAssertion,
  assertion_revoked: badAssertion,
  assertion_replayed: badAssertion,
  assertion_unprovable: badAssertion,
  denied_by_policy: badAssertion,
  revocation_not_supported: row(400, 'unsupported_token_type', 'This server cannot revoke tokens of this kind.'),
  invalid_grant: badGrant,
  foreign_token: row(400, 'invalid_grant', 'The token was issued to another client.'),
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
  too_many_codes: row(429, 'temporarily_unavailable', 'Too many codes were sent.'),
  unavailable: row(503, 'temporarily_unavailable', 'The server is temporarily unavailable.'),
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

/** A JWT that is not believed, in the words for what it was sent as. */
export function refusedAs(sentAs: SentAs, reason: TokenReason): TokenRefused {
  return { ok: false, refusal: Object.freeze({ reason, ...assertionWire[sentAs] }) }
}
