import { type Endpoint, jsonReply, type Reply, readJson, type WireRequest } from '@countersign/core'
import type { IssuedNonce, NonceSubject, Nonces } from './nonces.js'

/** A client as the endpoint has to know it. */
export interface NonceClient {
  readonly clientId: string
  readonly isBlocked: boolean
  /** Whether a request must carry the client's secret. */
  readonly requiresSecret: boolean
  /** Compares in constant time; a client may have several secrets. */
  verifySecret(secret: string): boolean | Promise<boolean>
  /** What the nonce is for this client, beside its id. */
  readonly nonce?: Omit<NonceSubject, 'clientId'>
}

/** Why no nonce was issued. */
export type NonceEndpointReason =
  | 'malformed_request'
  | 'client_id_missing'
  | 'client_id_malformed'
  | 'client_unknown'
  | 'client_blocked'
  | 'secret_missing'
  | 'secret_wrong'
  | 'too_many'

/** What a request submits. Anything that is no text is `malformed`. */
export interface NonceSubmission {
  readonly clientId: string | undefined
  readonly clientSecret: string | undefined
}

/** How an API words the answers of the endpoint. */
export interface NonceDialect {
  success(nonce: IssuedNonce, request: WireRequest): Reply
  /** @param retryAfterSeconds - with `too_many` */
  refusal(reason: NonceEndpointReason, request: WireRequest, retryAfterSeconds?: number): Reply
}

/** Options of {@link createNonceEndpoint}. */
export interface NonceEndpointOptions {
  readonly nonces: Pick<Nonces<string>, 'issue'>
  /** Undefined for an unknown client. A rejection is an outage or a fault of ours. */
  readonly findClient: (clientId: string) => Promise<NonceClient | undefined>
  /** Whether a client id has the form that ids have here. @defaultValue any text of at most 255 characters */
  readonly isClientId?: (clientId: string) => boolean
  /** Reads what a request submits, or undefined for a malformed one. @defaultValue `client_id` and `client_secret` of a JSON body */
  readonly read?: (request: WireRequest) => Promise<NonceSubmission | undefined>
  /** @defaultValue `{ token, expires_in }` and `{ error, error_description }` */
  readonly dialect?: NonceDialect
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: () => number
}

const noStore = { 'cache-control': 'no-store', pragma: 'no-cache' }

const texts: Readonly<Record<NonceEndpointReason, readonly [status: number, error: string, description: string]>> = {
  malformed_request: [400, 'invalid_request', 'The body is a JSON object.'],
  client_id_missing: [400, 'invalid_request', 'client_id is missing.'],
  client_id_malformed: [400, 'invalid_request', 'client_id is malformed.'],
  client_unknown: [401, 'invalid_client', 'The client is not known, or its secret is wrong.'],
  client_blocked: [401, 'invalid_client', 'The client is blocked.'],
  secret_missing: [401, 'invalid_client', 'client_secret is missing.'],
  secret_wrong: [401, 'invalid_client', 'The client is not known, or its secret is wrong.'],
  too_many: [429, 'temporarily_unavailable', 'Too many nonces are outstanding for this client.'],
}

function plainDialect(now: () => number): NonceDialect {
  return {
    success: ({ token, expiresAt }) => jsonReply(200, { token, expires_in: Math.max(0, expiresAt - Math.ceil(now() / 1000)) }, noStore),
    refusal(reason, _request, retryAfterSeconds) {
      const [status, error, description] = texts[reason]
      const retry = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }
      return jsonReply(status, { error, error_description: description }, { ...noStore, ...retry })
    },
  }
}

const isTextOrAbsent = (value: unknown): value is string | undefined => value === undefined || typeof value === 'string'

/** Reads `client_id` and `client_secret` of a JSON body; empty counts as absent. */
export async function readJsonSubmission(request: WireRequest): Promise<NonceSubmission | undefined> {
  const body = await readJson(request)
  if (!body.ok) return undefined
  const { client_id: clientId, client_secret: clientSecret } = body.value
  if (!isTextOrAbsent(clientId) || !isTextOrAbsent(clientSecret)) return undefined
  return { clientId: clientId || undefined, clientSecret: clientSecret || undefined }
}

/**
 * An endpoint that issues nonces to registered clients. Checks, in this order: client id, client, blocked, secret.
 *
 * @throws TypeError if an option is missing
 */
export function createNonceEndpoint(options: NonceEndpointOptions): Endpoint {
  const { nonces, findClient, read = readJsonSubmission, isClientId = (id) => id.length <= 255 } = options
  if (typeof nonces?.issue !== 'function' || typeof findClient !== 'function')
    throw new TypeError('createNonceEndpoint needs nonces and findClient')
  const dialect = options.dialect ?? plainDialect(options.now ?? Date.now)

  async function clientOf(submission: NonceSubmission | undefined): Promise<NonceClient | NonceEndpointReason> {
    if (submission === undefined) return 'malformed_request'
    const { clientId, clientSecret } = submission
    if (clientId === undefined) return 'client_id_missing'
    if (!isClientId(clientId)) return 'client_id_malformed'
    const client = await findClient(clientId)
    if (client === undefined) return 'client_unknown'
    if (client.isBlocked) return 'client_blocked'
    if (clientSecret === undefined) return client.requiresSecret ? 'secret_missing' : client
    // A secret that is not required still has to be right.
    return (await client.verifySecret(clientSecret)) ? client : 'secret_wrong'
  }

  return async (request) => {
    const client = await clientOf(await read(request))
    if (typeof client === 'string') return dialect.refusal(client, request)
    const issued = await nonces.issue({ ...client.nonce, clientId: client.clientId })
    return issued.ok ? dialect.success(issued, request) : dialect.refusal('too_many', request, issued.refusal.retryAfterSeconds)
  }
}
