import { createHash, timingSafeEqual } from 'node:crypto'
import type { Endpoint, Reply, WireRequest } from '@countersign/core'
import { createNonceEndpoint, type NonceClient, type NonceEndpointReason, type NonceSubmission, type Nonces } from '@countersign/nonce'
import { blank, dataReply, errorReply, invalid, validationReply } from './envelope.js'
import type { Seed } from './seed.js'

type Client = Seed['clients'][number]

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

function isSame(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}

/** A client has several connections, each with a secret of its own; all are compared, so that the time tells nothing. */
export function ownsSecret(client: Client, secret: string): boolean {
  return client.connections.map((connection) => isSame(connection.secret, secret)).includes(true)
}

export const isTrusted = (client: Client): boolean => client.client_type === 'TRUSTED_PIS'

function field(request: WireRequest, name: string): unknown {
  const { body, url = '', headers } = request
  const inBody =
    typeof body === 'object' && body !== null && Object.hasOwn(body, name) ? (body as Record<string, unknown>)[name] : undefined
  const mark = url.indexOf('?')
  const inQuery = mark === -1 ? null : new URLSearchParams(url.slice(mark + 1)).get(name)
  return inBody ?? inQuery ?? headers[name.replace('_', '-')]
}

/** The published versions disagree on where the fields stand: the JSON body, else the query, else a header. */
async function read(request: WireRequest): Promise<NonceSubmission> {
  const clientId = field(request, 'client_id')
  const secret = field(request, 'client_secret')
  // What is no text is no UUID and no secret either.
  const text = (value: unknown): string | undefined =>
    value === undefined || value === '' ? undefined : typeof value === 'string' ? value : ' '
  return { clientId: text(clientId), clientSecret: text(secret) }
}

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
    case 'secret_missing':
      return validationReply(
        [{ entry: '$.client_secret', rule: 'required', description: 'required property client_secret was not present' }],
        request,
      )
    case 'secret_wrong':
      return errorReply(401, 'Invalid client id or secret.', request, { type: 'invalid_client' })
    case 'malformed_request':
      return errorReply(400, 'Malformed request.', request)
    case 'too_many': {
      const reply = errorReply(429, 'Too many nonces are outstanding for this client.', request, { type: 'too_many_requests' })
      return { ...reply, headers: { ...reply.headers, 'retry-after': String(retryAfterSeconds) } }
    }
  }
}

/** `GET|POST /oauth/nonce`. */
export function getNonce(nonces: Pick<Nonces<string>, 'issue'>, seed: Seed): Endpoint {
  const clients = new Map(seed.clients.map((client) => [client.client_id.toLowerCase(), client]))
  async function findClient(clientId: string): Promise<NonceClient | undefined> {
    const client = clients.get(clientId.toLowerCase())
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
  return createNonceEndpoint({
    nonces,
    findClient,
    isClientId: (id) => uuid.test(id),
    read,
    dialect: { success: ({ token }, request) => dataReply(200, { token }, request), refusal },
  })
}
