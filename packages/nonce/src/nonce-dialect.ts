import { jsonReply, type Reply, type WireRequest } from '@countersign/core'
import type { IssuedNonce } from './issue-nonce.js'

/** Why no nonce was issued. */
export type NonceEndpointReason =
  | 'malformed_request'
  | 'too_large'
  | 'unsupported_media_type'
  | 'client_id_missing'
  | 'client_id_malformed'
  | 'client_unknown'
  | 'client_blocked'
  | 'secret_missing'
  | 'secret_wrong'
  | 'too_many'

/** How an API words the answers of the endpoint. */
export interface NonceDialect {
  success(nonce: IssuedNonce, request: WireRequest): Reply
  /** @param retryAfterSeconds - with `too_many` */
  refusal(reason: NonceEndpointReason, request: WireRequest, retryAfterSeconds?: number): Reply
}

const noStore = { 'cache-control': 'no-store', pragma: 'no-cache' }

type Row = readonly [status: number, error: string, description: string]

// One text: it must not show whether a client is known.
const badClient: Row = [401, 'invalid_client', 'The client is not known, or its secret is wrong.']

const texts: Readonly<Record<NonceEndpointReason, Row>> = {
  malformed_request: [400, 'invalid_request', 'The body is a JSON object of texts.'],
  too_large: [413, 'invalid_request', 'The body is too large.'],
  unsupported_media_type: [415, 'invalid_request', 'The body is application/json and is not compressed.'],
  client_id_missing: [400, 'invalid_request', 'client_id is missing.'],
  client_id_malformed: [400, 'invalid_request', 'client_id is malformed.'],
  client_unknown: badClient,
  client_blocked: badClient,
  secret_missing: badClient,
  secret_wrong: badClient,
  too_many: [429, 'temporarily_unavailable', 'Too many nonces were issued to this client.'],
}

/** `{ token, expires_in }`, and `{ error, error_description }` in the words of RFC 6749 §5.2. */
export const plainDialect: NonceDialect = {
  success: ({ token, lifetimeSeconds }) => jsonReply(200, { token, expires_in: lifetimeSeconds }, noStore),
  refusal(reason, _request, retryAfterSeconds) {
    const [status, error, description] = texts[reason]
    const retry = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }
    return jsonReply(status, { error, error_description: description }, { ...noStore, ...retry })
  },
}
