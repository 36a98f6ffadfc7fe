import { isUtf8 } from 'node:buffer'
import { authorizationField, type FormParameters, hasOwn, type WireRequest } from '@countersign/core'
import { type PresentedAssertion, readAssertion } from '../assertions/assertion.js'
import { refused, refusedAs, type TokenRefused } from '../refusal.js'

/** A client id and secret. */
export interface IdAndSecret {
  readonly id: string
  readonly secret: string
}

/** What a request says about its client; nothing of it is checked yet. */
export type PresentedClient =
  /** Form-decoded (RFC 6749 §2.3.1) where that is possible, and as it was sent. */
  | { readonly method: 'client_secret_basic'; readonly decoded: IdAndSecret | undefined; readonly raw: IdAndSecret }
  | ({ readonly method: 'client_secret_post' } & IdAndSecret)
  | { readonly method: 'none'; readonly id: string }
  /** A JWT that the client signed (RFC 7523 §2.2). `id` is what it says of itself. */
  | { readonly method: 'private_key_jwt'; readonly id: string; readonly assertion: PresentedAssertion }
  /** Nothing at all. */
  | { readonly method: 'anonymous' }

/** What follows `Basic`. Other schemes say nothing about the client: one HTTP session may serve several of them. */
function basicCredentials(request: WireRequest): readonly string[] {
  return [authorizationField(request) ?? []]
    .flat()
    .map((field) => field.trim())
    .filter((field) => /^basic(?: |$)/i.test(field))
    .map((field) => field.slice('basic'.length).trim())
}

/** RFC 4648 §4, the one encoding of its bytes, of UTF-8. */
function decodeBase64(text: string): string | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text && isUtf8(bytes) ? bytes.toString('utf8') : undefined
}

function decodeForm(text: string): string | undefined {
  if (!text.includes('%') && !text.includes('+')) return text
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return undefined // decodeURIComponent throws for nothing but malformed escapes
  }
}

function presentedBasic(credentials: string): PresentedClient | TokenRefused {
  const text = decodeBase64(credentials)
  const colon = text?.indexOf(':') ?? -1
  // RFC 7617 §2: a secret may contain colons, an id may not.
  if (text === undefined || colon < 1) return refused('malformed_credentials')
  const raw = { id: text.slice(0, colon), secret: text.slice(colon + 1) }
  const id = decodeForm(raw.id)
  const secret = decodeForm(raw.secret)
  return { method: 'client_secret_basic', raw, decoded: id === undefined || secret === undefined ? undefined : { id, secret } }
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** RFC 7521 §4.2: `client_id` is not needed, but if it is there it names the same client. */
function presentedAssertion(parameters: FormParameters): PresentedClient | TokenRefused {
  if (parameters.get('client_assertion_type') !== assertionType) return refused('unsupported_authentication')
  const read = readAssertion(parameters.get('client_assertion') ?? '')
  if (!read.ok) return refusedAs('invalid_client', read.reason)
  const { jws, claims } = read
  const id = claims.sub
  if (id === undefined || id !== (parameters.get('client_id') ?? id)) return refusedAs('invalid_client', 'assertion_subject')
  return { method: 'private_key_jwt', id, assertion: { jws, claims } }
}

/** Reads how a request identifies its client: in one way only (RFC 6749 §2.3). */
export function presentedClient(request: WireRequest, parameters: FormParameters): PresentedClient | TokenRefused {
  const basic = basicCredentials(request)
  const id = parameters.get('client_id')
  const secret = parameters.get('client_secret')
  const isAssertion = parameters.get('client_assertion') !== undefined || parameters.get('client_assertion_type') !== undefined
  if (basic.length + Number(secret !== undefined) + Number(isAssertion) > 1) return refused('several_authentications')
  if (isAssertion) return presentedAssertion(parameters)
  if (basic[0] !== undefined) {
    const presented = presentedBasic(basic[0])
    const named = hasOwn(presented, 'raw') ? [presented.raw.id, presented.decoded?.id] : [id]
    return id === undefined || named.includes(id) ? presented : refused('several_authentications')
  }
  if (id === undefined) return secret === undefined ? { method: 'anonymous' } : refused('malformed_credentials')
  return secret === undefined ? { method: 'none', id } : { method: 'client_secret_post', id, secret }
}
