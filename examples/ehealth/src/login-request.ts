import type { Reply, WireRequest } from '@countersign/core'
import { isClientId } from './clients.js'
import { blank, errorReply, type InvalidField, invalid, validationReply } from './envelope.js'
import { type Body, isBlank, isText } from './redemption.js'

/** What a login with a digital signature asks for. */
export interface LoginRequest {
  readonly clientId: string
  /** As it was signed. */
  readonly content: Buffer
  /** As it was sent. */
  readonly scope: string
}

function faultsOf(token: Body): readonly InvalidField[] {
  const { grant_type: grantType, client_id: clientId, signed_content: content, signed_content_encoding: encoding, scope } = token
  const faults: InvalidField[] = []
  if (grantType !== 'digital_signature') faults.push(invalid('$.token.grant_type', 'inclusion'))
  if (isBlank(clientId)) faults.push(blank('$.token.client_id'))
  else if (!isText(clientId) || !isClientId(clientId)) faults.push(invalid('$.token.client_id'))
  if (isBlank(content)) faults.push(blank('$.token.signed_content'))
  else if (!isText(content) || !/^[A-Za-z0-9+/]+={0,2}$/.test(content)) faults.push(invalid('$.token.signed_content'))
  if (isBlank(encoding)) faults.push(blank('$.token.signed_content_encoding'))
  else if (encoding !== 'base64') faults.push(invalid('$.token.signed_content_encoding', 'inclusion'))
  if (scope !== undefined && typeof scope !== 'string') faults.push(invalid('$.token.scope'))
  return faults
}

/** Reads `{ token: { grant_type, client_id, signed_content, signed_content_encoding, scope } }`, or gives the reply to what is not that. */
export function readLogin({ token }: Body, request: WireRequest): { readonly login: LoginRequest } | { readonly reply: Reply } {
  if (typeof token !== 'object' || token === null || Array.isArray(token))
    return { reply: errorReply(400, 'Malformed request. The body needs an object "token".', request) }
  const fields = token as Body
  if (isBlank(fields.grant_type))
    return { reply: errorReply(422, 'Request must include grant_type.', request, { type: 'request_malformed' }) }
  const faults = faultsOf(fields)
  if (faults.length > 0) return { reply: validationReply(faults, request) }
  const content = Buffer.from(String(fields.signed_content), 'base64')
  return { login: { clientId: String(fields.client_id), content, scope: typeof fields.scope === 'string' ? fields.scope : '' } }
}
