import { checkOptions, type Endpoint, eventChannel, kind, type OptionShape, readJson, type WireRequest } from '@countersign/core'
import { type NonceDialect, type NonceEndpointReason, plainDialect } from './nonce-dialect.js'
import type { NonceSubject } from './nonce-options.js'
import type { Nonces } from './nonces.js'

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

/** What a request submits; what is undefined was not submitted. */
export interface NonceSubmission {
  readonly clientId: string | undefined
  readonly clientSecret: string | undefined
}

/** A body that cannot be read, as `readJson` of core answers it: 400 malformed, 413 too large, 415 of another media type or compressed. */
export interface UnreadableSubmission {
  readonly ok: false
  readonly status: 400 | 413 | 415
}

/** Options of {@link createNonceEndpoint}. */
export interface NonceEndpointOptions {
  readonly nonces: Pick<Nonces<string>, 'issue'>
  /** Undefined for an unknown client. A rejection is a fault of ours; reject with `Unavailable` in an outage. */
  readonly findClient: (clientId: string) => Promise<NonceClient | undefined>
  /** Whether a client id has the form that ids have here. @defaultValue any text of at most 255 characters */
  readonly isClientId?: (clientId: string) => boolean
  /**
   * Reads what a request submits. It answers undefined for a malformed request, and what `readJson` answered for a body that cannot be read.
   * @defaultValue {@link readJsonSubmission}
   */
  readonly read?: (request: WireRequest) => Promise<NonceSubmission | UnreadableSubmission | undefined>
  /** @defaultValue `{ token, expires_in }` and `{ error, error_description }` */
  readonly dialect?: NonceDialect
}

const shape: OptionShape<NonceEndpointOptions> = {
  nonces: kind.required(kind.having('what createNonces returns', 'issue')),
  findClient: kind.required(kind.func),
  isClientId: kind.func,
  read: kind.func,
  dialect: kind.having('a dialect: an object with success() and refusal()', 'success', 'refusal'),
}

const events = eventChannel('countersign:nonce')

const isTextOrAbsent = (value: unknown): value is string | undefined => value === undefined || typeof value === 'string'

const unreadable: Readonly<Record<UnreadableSubmission['status'], NonceEndpointReason>> = {
  400: 'malformed_request',
  413: 'too_large',
  415: 'unsupported_media_type',
}

/**
 * Reads `client_id` and `client_secret` of a JSON body of at most 64 KiB. An empty one counts as absent. A value that is not a string, and a
 * member that is there twice, are malformed.
 */
export async function readJsonSubmission(request: WireRequest): Promise<NonceSubmission | UnreadableSubmission | undefined> {
  const body = await readJson(request)
  if (!body.ok) return body
  const { client_id: clientId, client_secret: clientSecret } = body.value
  if (!isTextOrAbsent(clientId) || !isTextOrAbsent(clientSecret)) return undefined
  return { clientId: clientId || undefined, clientSecret: clientSecret || undefined }
}

type Admission = { readonly client: NonceClient; readonly refused?: never } | Refused
interface Refused {
  readonly refused: NonceEndpointReason
  /** Of a registered client only. */
  readonly clientId?: string
}

/** The checks, in their order. */
async function admit(submission: NonceSubmission | UnreadableSubmission | undefined, options: NonceEndpointOptions): Promise<Admission> {
  const { findClient, isClientId = (id) => id.length <= 255 } = options
  if (submission === undefined) return { refused: 'malformed_request' }
  if ('ok' in submission) return { refused: unreadable[submission.status] }
  const { clientId, clientSecret } = submission
  if (clientId === undefined) return { refused: 'client_id_missing' }
  if (!isClientId(clientId)) return { refused: 'client_id_malformed' }
  const client = await findClient(clientId)
  if (client === undefined) return { refused: 'client_unknown' }
  const refuse = (refused: NonceEndpointReason): Refused => ({ refused, clientId: client.clientId })
  if (client.isBlocked) return refuse('client_blocked')
  if (clientSecret === undefined) return client.requiresSecret ? refuse('secret_missing') : { client }
  // A secret that is not required still has to be right.
  return (await client.verifySecret(clientSecret)) === true ? { client } : refuse('secret_wrong')
}

/**
 * An endpoint that issues nonces to registered clients. Checks, in this order: client id, client, blocked, secret.
 *
 * @throws TypeError if an option is missing
 */
export function createNonceEndpoint(options: NonceEndpointOptions): Endpoint {
  checkOptions('createNonceEndpoint', options, shape)
  const { nonces, read = readJsonSubmission, dialect = plainDialect } = options
  return async (request) => {
    const admission = await admit(await read(request), options)
    if (admission.refused !== undefined) {
      const { refused, clientId } = admission
      events.publish({ action: 'issue', outcome: refused, ...(clientId !== undefined && { clientId }) })
      return dialect.refusal(refused, request)
    }
    const { nonce, clientId } = admission.client
    const issued = await nonces.issue({ ...nonce, clientId })
    return issued.ok ? dialect.success(issued, request) : dialect.refusal('too_many', request, issued.refusal.retryAfterSeconds)
  }
}
