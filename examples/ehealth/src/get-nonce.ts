import type { Endpoint, Reply, WireRequest } from '@countersign/core'
import { createNonceEndpoint, type NonceClient, type NonceEndpointReason, type NonceSubmission, type Nonces } from '@countersign/nonce'
import { clientsOf, isClientId, isTrusted, ownsSecret } from './clients.js'
import { blank, dataReply, errorReply, invalid, unreadableReply, validationReply } from './envelope.js'
import type { Seed } from './seed.js'

function submitted({ body, url = '', headers }: WireRequest, name: string): string | undefined {
  const inBody =
    typeof body === 'object' && body !== null && Object.hasOwn(body, name) ? (body as Record<string, unknown>)[name] : undefined
  const mark = url.indexOf('?')
  const inQuery = mark === -1 ? null : new URLSearchParams(url.slice(mark + 1)).get(name)
  const value = inBody ?? inQuery ?? headers[name.replace('_', '-')]
  // What is no text is no UUID and no secret either, whatever it is written like.
  const text = typeof value === 'string' || value === undefined ? value : JSON.stringify(value)
  return text?.trim() === '' ? undefined : text
}

/** The published versions disagree on where the fields stand: the JSON body, else the query, else a header. */
const read = async (request: WireRequest): Promise<NonceSubmission> => ({
  clientId: submitted(request, 'client_id'),
  clientSecret: submitted(request, 'client_secret'),
})

function refusal(reason: NonceEndpointReason, request: WireRequest, retryAfterSeconds = 1): Reply {
  switch (reason) {
    case 'client_id_missing':
      return validationReply([blank('$.client_id')], request)
    case 'client_id_malformed':
      return validationReply([invalid('$.client_id')], request)
    case 'client_unknown':
      return errorReply(404, 'Client is not found.', request)
    case 'client_blocked':
      return errorReply(401, 'Client is blocked', request)
    case 'secret_missing': {
      const description = 'required property client_secret was not present'
      return validationReply([{ entry: '$.client_secret', rule: 'required', description }], request)
    }
    case 'secret_wrong':
      return errorReply(401, 'Invalid client id or secret.', request, { type: 'invalid_client' })
    case 'malformed_request':
    case 'too_large':
    case 'unsupported_media_type':
      return unreadableReply({ malformed_request: 400, too_large: 413, unsupported_media_type: 415 }[reason], request)
    case 'too_many':
      return errorReply(429, 'Too many nonces were issued to this client.', request, { type: 'too_many_requests', retryAfterSeconds })
  }
}

/** `GET|POST /oauth/nonce`. */
export function getNonce(nonces: Pick<Nonces<string>, 'issue'>, seed: Seed): Endpoint {
  const clientOf = clientsOf(seed)
  async function findClient(clientId: string): Promise<NonceClient | undefined> {
    const client = clientOf(clientId)
    return (
      client && {
        clientId: client.client_id,
        isBlocked: client.is_blocked,
        requiresSecret: isTrusted(client),
        verifySecret: (secret) => ownsSecret(client, secret),
        nonce: { audience: isTrusted(client) ? 'trusted-client' : 'mithril-login' },
      }
    )
  }
  const dialect = { success: ({ token }: { token: string }, request: WireRequest) => dataReply(200, { token }, request), refusal }
  return createNonceEndpoint({ nonces, findClient, isClientId, read, dialect })
}
