/**
 * Why a request was refused: one closed list, for logs, events and tests. Expired is never revoked, unknown is never
 * wrong audience. The wire says less: see {@link Refusal.code}.
 */
export type Reason =
  // the request
  | 'no_credentials'
  | 'scheme'
  | 'malformed_request'
  // the token
  | 'too_large'
  | 'malformed'
  | 'header'
  | 'token_type'
  | 'algorithm'
  | 'unknown_issuer'
  | 'unknown_key'
  | 'signature'
  | 'claims'
  | 'expired'
  | 'not_yet_valid'
  | 'issued_in_future'
  | 'too_old'
  | 'audience'
  | 'issuer_rule'
  | 'schema'
  | 'confirmation'
  | 'certificate_missing'
  | 'certificate_other'
  | 'inactive'
  | 'unknown_credential'
  // the DPoP proof (RFC 9449)
  | 'proof_missing'
  | 'proof_repeated'
  | 'proof_malformed'
  | 'proof_type'
  | 'proof_algorithm'
  | 'proof_key'
  | 'proof_other_key'
  | 'proof_method'
  | 'proof_url'
  | 'proof_access_token'
  | 'proof_time'
  | 'proof_nonce'
  | 'proof_signature'
  | 'proof_replayed'
  | 'proof_unprovable'
  // revocation
  | 'revoked_key'
  | 'revoked_token'
  | 'revoked_subject'
  | 'revoked_client'
  | 'unprovable'
  // single use
  | 'replayed'
  | 'unknown_nonce'
  | 'wrong_client'
  | 'too_many'
  // what the route demands
  | 'insufficient_scope'
  | 'insufficient_authentication'
  | 'wrong_issuer'
  | 'not_enrolled'
  | 'forbidden'
  // outages: never the client's fault, always 503
  | 'key_source_unavailable'
  | 'introspection_unavailable'
  | 'revocation_unavailable'
  | 'store_unavailable'
  | 'authenticator_unavailable'

/** Registered error codes that may appear on the wire (RFC 6750 §3.1, RFC 9449 §7.1 and §8, RFC 9470 §3). */
export type ErrorCode =
  | 'invalid_request'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'insufficient_user_authentication'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'

/** What was expected and what was sent: allow-listed, bounded values for events and logs. Never sent to a client. */
export interface RefusalDetail {
  readonly expected?: string
  readonly received?: string
}

/** A refusal as a value. It is the client's fault unless `status` is 503. */
export interface Refusal {
  readonly [refusalBrand]: true
  readonly reason: Reason
  /** HTTP status. */
  readonly status: 400 | 401 | 403 | 429 | 503
  /** Registered code for the wire; absent where the RFC wants none. */
  readonly code?: ErrorCode
  /** A fixed text. Nothing of the token or of a library's message is ever in it. */
  readonly description: string
  /** Scopes that would have been enough, in the order in which the route names them (RFC 6750 §3). */
  readonly scopes?: readonly string[]
  /** Authentication contexts that would be accepted (RFC 9470 §3). */
  readonly acrValues?: readonly string[]
  /** Longest age of the authentication in seconds (RFC 9470 §3). */
  readonly maxAgeSeconds?: number
  /** Seconds after which a retry makes sense; only with status 429 and 503. */
  readonly retryAfterSeconds?: number
  readonly detail?: RefusalDetail
}

declare const refusalBrand: unique symbol
const brand: typeof refusalBrand = Symbol.for('countersign.refusal') as typeof refusalBrand

interface Wire {
  readonly status: Refusal['status']
  readonly code?: ErrorCode
  readonly description: string
}

const badToken = (description: string): Wire => ({ status: 401, code: 'invalid_token', description })
const badProof = (description: string): Wire => ({ status: 401, code: 'invalid_dpop_proof', description })
const outage = (description: string): Wire => ({ status: 503, description })

const unusable = badToken('The access token is malformed.')
const untrusted = badToken('The access token is not trusted here.')
const ended = badToken('The access token is no longer valid.')
const unusableProof = badProof('The DPoP proof is malformed.')
const untrustedProof = badProof('The DPoP proof is not accepted here.')
const otherRequest = badProof('The DPoP proof was made for another request.')

/** One row a reason: what the wire says of it. Several reasons share one public text on purpose. */
const wire: Readonly<Record<Reason, Wire>> = {
  no_credentials: { status: 401, description: 'Authentication is required.' },
  scheme: { status: 401, description: 'Authentication with a bearer token is required.' },
  malformed_request: {
    status: 400,
    code: 'invalid_request',
    description: 'The request sends its credentials in a way that is not accepted.',
  },
  too_large: unusable,
  malformed: unusable,
  header: unusable,
  claims: unusable,
  token_type: untrusted,
  algorithm: untrusted,
  unknown_issuer: untrusted,
  unknown_key: untrusted,
  signature: untrusted,
  issuer_rule: untrusted,
  schema: untrusted,
  expired: badToken('The access token expired.'),
  not_yet_valid: badToken('The access token is not valid yet.'),
  issued_in_future: badToken('The access token is not valid yet.'),
  too_old: badToken('The access token is too old.'),
  audience: badToken('The access token is not meant for this resource.'),
  confirmation: badToken('The access token is bound to a key, and the request does not prove possession of it.'),
  certificate_missing: badToken('The access token is bound to a certificate, and the request came without one.'),
  certificate_other: badToken('The access token is bound to another certificate.'),
  inactive: ended,
  unknown_credential: untrusted,
  proof_missing: badProof('A DPoP proof is required.'),
  proof_repeated: badProof('The request must have one DPoP proof.'),
  proof_malformed: unusableProof,
  proof_type: unusableProof,
  proof_algorithm: untrustedProof,
  proof_key: untrustedProof,
  proof_other_key: badProof('The DPoP proof was made with another key.'),
  proof_method: otherRequest,
  proof_url: otherRequest,
  proof_access_token: otherRequest,
  proof_time: badProof('The DPoP proof is too old, or from the future.'),
  proof_nonce: { status: 401, code: 'use_dpop_nonce', description: 'The DPoP proof must contain the nonce that this server gave last.' },
  proof_signature: untrustedProof,
  proof_replayed: badProof('The DPoP proof was used already.'),
  proof_unprovable: badProof('The DPoP proof is older than what this server remembers.'),
  revoked_key: ended,
  revoked_token: ended,
  revoked_subject: ended,
  revoked_client: ended,
  unprovable: ended,
  replayed: badToken('The token was used already.'),
  unknown_nonce: badToken('The token is unknown or no longer valid.'),
  wrong_client: badToken('The token belongs to another client.'),
  too_many: { status: 429, description: 'Too many requests.' },
  insufficient_scope: { status: 403, code: 'insufficient_scope', description: 'The access token lacks a scope that this resource needs.' },
  insufficient_authentication: {
    status: 401,
    code: 'insufficient_user_authentication',
    description: 'A stronger or more recent authentication is required.',
  },
  wrong_issuer: { status: 403, code: 'insufficient_scope', description: 'Tokens of this issuer are not accepted for this resource.' },
  not_enrolled: {
    status: 403,
    code: 'insufficient_scope',
    description: 'This integration is not enrolled by the entity that this resource belongs to.',
  },
  forbidden: { status: 403, code: 'insufficient_scope', description: 'The access token does not grant access to this resource.' },
  key_source_unavailable: outage('The keys of the token issuer are unavailable.'),
  introspection_unavailable: outage('The issuer of the access token is unavailable.'),
  revocation_unavailable: outage('The denylist of revoked tokens is unavailable.'),
  store_unavailable: outage('A store that this resource needs is unavailable.'),
  authenticator_unavailable: outage('The user directory is unavailable.'),
}

/** Every reason, in the order of the documentation. */
export const reasons: readonly Reason[] = Object.freeze(Object.keys(wire) as Reason[])

/** Fields that a refusal may carry beyond its reason. `description` must be a literal of the program's own. */
export type RefusalFields = Partial<
  Pick<Refusal, 'description' | 'scopes' | 'acrValues' | 'maxAgeSeconds' | 'retryAfterSeconds' | 'detail'>
>

const maxDetailLength = 200

/** What was sent may be anybody's text: a line break or an escape sequence in it would forge lines of a log. */
function plainDetail({ expected, received }: RefusalDetail): RefusalDetail {
  const plain = (text: string): string => text.slice(0, maxDetailLength).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '?')
  return Object.freeze({
    ...(expected !== undefined && { expected: plain(expected) }),
    ...(received !== undefined && { received: plain(received) }),
  })
}

/**
 * Makes a refusal.
 *
 * @param reason - one of {@link Reason}; decides status and code
 * @param fields - challenge parameters and the detail for events
 */
export function refuse(reason: Reason, fields?: RefusalFields): Refusal {
  // Refusals are shared between requests: what a dialect does to one must not reach the next.
  const detail = fields?.detail && { detail: plainDetail(fields.detail) }
  return Object.freeze({ [brand]: true as const, reason, ...wire[reason], ...fields, ...detail })
}

/** True for a refusal made by any copy of this package in the process. */
export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && (value as { [brand]?: unknown })[brand] === true
}

/** An answer that is either a success with fields of its own or a refusal. */
export type Outcome<T extends object> = ({ readonly ok: true } & T) | Refused
/** The failing half of an {@link Outcome}. */
export interface Refused {
  readonly ok: false
  readonly refusal: Refusal
}
