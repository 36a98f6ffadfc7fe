import { randomBytes, randomUUID } from 'node:crypto'
import type { Endpoint, Reply, WireRequest } from '@countersign/core'
import type { Nonces } from '@countersign/nonce'
import { clientsOf } from './clients.js'
import { blank, dataReply, errorReply, invalid, validationReply } from './envelope.js'
import { type LoginRequest, readLogin } from './login-request.js'
import { isText, jsonBody, nonceRefused, type Purpose } from './redemption.js'
import type { LogRefusal } from './refusal-log.js'
import type { Seed } from './seed.js'
import type { VerifySignedContent } from './signed-content.js'

const tokenSeconds = 30 * 86_400

/** What `POST /auth/login` needs. */
export interface LoginOptions {
  readonly nonces: Pick<Nonces<Purpose>, 'spend'>
  readonly seed: Seed
  readonly verifySignedContent: VerifySignedContent
  readonly log: LogRefusal
}

/** `POST /auth/login`: the nonce stands in content that the person signed. It is spent last: what fails before burns nothing. */
export function login({ nonces, seed, verifySignedContent, log }: LoginOptions): Endpoint {
  const clientOf = clientsOf(seed)
  const users = new Map(seed.users.map((user) => [user.tax_id, user]))

  async function answerTo({ clientId, content, scope }: LoginRequest, request: WireRequest): Promise<Reply> {
    const refuse = (outcome: string, reply: Reply): Reply => {
      log({ action: 'login', outcome, clientId })
      return reply
    }
    const client = clientOf(clientId)
    if (client === undefined) return refuse('client_unknown', errorReply(404, 'Client is not found.', request))
    if (client.is_blocked) return refuse('client_blocked', errorReply(401, 'Client is blocked', request))
    const signed = await verifySignedContent(content)
    if (signed === undefined) return refuse('signature', validationReply([invalid('$.token.signed_content', 'signature')], request))
    if (signed.content === undefined) return refuse('content_malformed', validationReply([invalid('$.token.signed_content')], request))
    const { jwt } = signed.content
    if (!isText(jwt)) return refuse('nonce_missing', validationReply([blank('$.token.signed_content.jwt')], request))
    const user = users.get(signed.signer.taxId)
    if (user === undefined) return refuse('user_unknown', errorReply(404, 'User is not found.', request))
    if (user.is_blocked) return refuse('user_blocked', errorReply(403, 'User is blocked.', request))
    const spent = await nonces.spend(jwt, 'login', { clientId: client.client_id })
    if (!spent.ok) return nonceRefused(spent.refusal, request)
    const token = {
      id: randomUUID(),
      name: 'access_token',
      value: randomBytes(32).toString('base64url'),
      expires_at: Math.floor(Date.now() / 1000) + tokenSeconds,
      user_id: user.id,
      details: { grant_type: 'digital_signature', client_id: client.client_id, scope },
    }
    return dataReply(201, token, request)
  }

  return async (request) => {
    const read = await jsonBody(request)
    if ('reply' in read) return read.reply
    const wanted = readLogin(read.body, request)
    return 'reply' in wanted ? wanted.reply : answerTo(wanted.login, request)
  }
}
