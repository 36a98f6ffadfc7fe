import { createHash, randomBytes } from 'node:crypto'
import { type Endpoint, type Refusal, type Reply, readJson, type WireRequest } from '@countersign/core'
import type { Nonces } from '@countersign/nonce'
import { blank, dataReply, errorReply, type InvalidField, invalid, validationReply } from './envelope.js'
import type { Seed } from './seed.js'
import type { VerifySignedContent } from './signed-content.js'

/** What a nonce can be spent for, once each. */
export type Purpose = 'login' | 'sms_verification'

const tokenSeconds = 30 * 86_400

/** The log knows replayed from unknown from blocked; the wire knows three answers. */
function nonceRefused({ reason }: Refusal, request: WireRequest): Reply {
  if (reason === 'expired') return errorReply(401, 'JWT expired', request, { type: 'jwt_expired' })
  if (reason === 'audience') return errorReply(401, 'JWT is not permitted for this action', request, { type: 'jwt_aud_invalid' })
  return errorReply(401, 'JWT is invalid.', request, { type: 'jwt_invalid' })
}

async function objectBody(request: WireRequest): Promise<Readonly<Record<string, unknown>> | Reply> {
  const body = await readJson(request)
  if (body.ok) return body.value
  return errorReply(
    body.status,
    body.status === 415 ? 'Invalid Content-Type header.' : body.status === 413 ? 'Request is too large.' : 'Malformed request.',
    request,
  )
}

const isReply = (value: object): value is Reply => 'status' in value && 'headers' in value
const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** `POST /api/sms_verifications`: the nonce is the bearer. */
export function smsVerification(nonces: Nonces<Purpose>): Endpoint {
  return async (request) => {
    const header = request.headers.authorization
    const token = typeof header === 'string' && /^bearer +[^ ]+$/i.test(header) ? header.slice(header.lastIndexOf(' ') + 1) : undefined
    if (token === undefined) return errorReply(401, 'Missing or invalid Authorization header.', request)
    const body = await objectBody(request)
    if (isReply(body)) return body
    const fields: InvalidField[] = []
    for (const name of ['factor', 'type'])
      if (!isText(body[name])) fields.push(body[name] === undefined ? blank(`$.${name}`) : invalid(`$.${name}`))
    if (fields.length > 0) return validationReply(fields, request)
    const spent = await nonces.spend(token, 'sms_verification')
    if (!spent.ok) return nonceRefused(spent.refusal, request)
    return dataReply(200, { factor: body.factor, type: body.type, status: 'NEW' }, request)
  }
}

interface Login {
  readonly clientId: string
  readonly content: Buffer
  readonly scope: unknown
}

function loginFrom(body: Readonly<Record<string, unknown>>, request: WireRequest): Login | Reply {
  const wrapper = body.token
  if (typeof wrapper !== 'object' || wrapper === null || Array.isArray(wrapper))
    return errorReply(400, 'Malformed request. The body needs an object "token".', request)
  const token = wrapper as Readonly<Record<string, unknown>>
  if (!isText(token.grant_type)) return errorReply(422, 'Request must include grant_type.', request, { type: 'request_malformed' })
  const fields: InvalidField[] = []
  if (token.grant_type !== 'digital_signature') fields.push(invalid('$.token.grant_type', 'inclusion'))
  if (!isText(token.client_id)) fields.push(blank('$.token.client_id'))
  if (!isText(token.signed_content)) fields.push(blank('$.token.signed_content'))
  else if (!/^[A-Za-z0-9+/]+={0,2}$/.test(token.signed_content)) fields.push(invalid('$.token.signed_content'))
  if (token.signed_content_encoding !== 'base64') fields.push(invalid('$.token.signed_content_encoding', 'inclusion'))
  if (token.scope !== undefined && typeof token.scope !== 'string') fields.push(invalid('$.token.scope'))
  if (fields.length > 0) return validationReply(fields, request)
  return { clientId: String(token.client_id), content: Buffer.from(String(token.signed_content), 'base64'), scope: token.scope ?? '' }
}

/** What `POST /auth/login` needs. */
export interface LoginOptions {
  readonly nonces: Nonces<Purpose>
  readonly seed: Seed
  readonly verifySignedContent: VerifySignedContent
  /** Epoch milliseconds. */
  readonly now?: () => number
}

/** `POST /auth/login`: the nonce stands in content that the person signed. It is spent last: what fails before burns nothing. */
export function login({ nonces, seed, verifySignedContent, now = Date.now }: LoginOptions): Endpoint {
  const clients = new Map(seed.clients.map((client) => [client.client_id, client]))
  const users = new Map(seed.users.map((user) => [user.tax_id, user]))
  return async (request) => {
    const body = await objectBody(request)
    if (isReply(body)) return body
    const wanted = loginFrom(body, request)
    if (isReply(wanted)) return wanted
    const client = clients.get(wanted.clientId)
    if (client === undefined) return errorReply(404, 'Client is not found.', request)
    if (client.is_blocked) return errorReply(401, 'Client is blocked', request)
    const signed = await verifySignedContent(wanted.content)
    if (signed === undefined) return validationReply([invalid('$.token.signed_content', 'signature')], request)
    const jwt = (signed.content as { jwt?: unknown } | null)?.jwt
    if (!isText(jwt)) return validationReply([blank('$.token.signed_content.jwt')], request)
    const user = users.get(signed.signer.taxId)
    if (user === undefined) return errorReply(404, 'User is not found.', request)
    if (user.is_blocked) return errorReply(403, 'User is blocked.', request)
    const spent = await nonces.spend(jwt, 'login', { clientId: client.client_id })
    if (!spent.ok) return nonceRefused(spent.refusal, request)
    const value = randomBytes(32).toString('base64url')
    const details = { grant_type: 'digital_signature', client_id: client.client_id, scope: wanted.scope }
    const expiresAt = Math.floor(now() / 1000) + tokenSeconds
    const id = createHash('sha256').update(value).digest('hex').slice(0, 32)
    return dataReply(201, { id, name: 'access_token', value, expires_at: expiresAt, user_id: user.id, details }, request)
  }
}
