import { type Refusal, refuse, type WireRequest } from '@countersign/core'

/** Where tokens are accepted beside the Authorization header (RFC 6750 §2.2, §2.3). Both are off by default. */
export interface TokenPlaces {
  /** The query parameter `access_token`. Logs and histories keep URLs: avoid it. */
  readonly query?: boolean
  /** The field `access_token` of a form that the host has parsed. */
  readonly body?: boolean
}

/**
 * Fixes the places at the start, in members of their own.
 *
 * @throws TypeError if one is neither true nor false
 */
export function tokenPlaces({ query = false, body = false }: TokenPlaces = {}): TokenPlaces {
  if (typeof query !== 'boolean' || typeof body !== 'boolean') throw new TypeError('tokenFrom: query and body are true or false')
  return Object.freeze({ query, body })
}

/** What a request carries: a token, nothing at all, or something that is refused. */
export type Credentials =
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

const none: Credentials = Object.freeze({ kind: 'none' })
const malformed: Credentials = Object.freeze({ kind: 'refused', refusal: refuse('malformed_request') })
const otherScheme: Credentials = Object.freeze({ kind: 'refused', refusal: refuse('scheme') })
/** `Bearer` without a token: as good as no credentials, but never anonymous. */
const emptyBearer: Credentials = Object.freeze({ kind: 'refused', refusal: refuse('no_credentials') })
const proofOfPossession: Credentials = Object.freeze({ kind: 'refused', refusal: refuse('confirmation') })

/**
 * The values of the Authorization field as the host shows it, which may have set, replaced or removed it; more than one,
 * if more came over the wire than Node shows.
 */
function authorizationFields(request: WireRequest): readonly string[] {
  const { rawHeaders = [], headers } = request
  const sent: string[] = []
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string
    if (name.length === 13 && name.toLowerCase() === 'authorization') sent.push(rawHeaders[index + 1] ?? '')
  }
  if (sent.length > 1) return sent
  const shown = Object.hasOwn(headers, 'authorization') ? headers.authorization : undefined
  return shown === undefined ? [] : typeof shown === 'string' ? [shown] : shown
}

function fromHeader(value: string): Credentials {
  const space = value.indexOf(' ')
  const scheme = (space === -1 ? value : value.slice(0, space)).toLowerCase()
  if (scheme === 'dpop') return proofOfPossession
  if (scheme !== 'bearer') return otherScheme
  let start = space === -1 ? value.length : space
  while (value.charCodeAt(start) === 0x20) start += 1
  let end = value.length
  while (end > start && value.charCodeAt(end - 1) === 0x20) end -= 1
  if (start === end) return emptyBearer
  const token = value.slice(start, end)
  return token.includes(' ') || token.includes(',') ? malformed : { kind: 'token', token }
}

function fromQuery(request: WireRequest): readonly string[] {
  const url = request.url ?? ''
  const mark = url.indexOf('?')
  // A name can be percent-encoded; without either there is nothing to parse.
  if (mark === -1 || !(url.includes('access_token', mark) || url.includes('%', mark))) return []
  return new URLSearchParams(url.slice(mark + 1)).getAll('access_token')
}

function isForm(type: unknown): boolean {
  if (typeof type !== 'string') return false
  const end = type.indexOf(';')
  return (end === -1 ? type : type.slice(0, end)).trim().toLowerCase() === 'application/x-www-form-urlencoded'
}

function fromBody(request: WireRequest): readonly string[] {
  const { body, method } = request
  if (method === 'GET' || method === 'HEAD' || !isForm(request.headers['content-type'])) return []
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, 'access_token')) return []
  const token = (body as { access_token: unknown }).access_token
  // A list or an object is no token; an empty text makes the request malformed.
  return typeof token === 'string' ? [token] : ['', '']
}

/** Reads the credentials of a request in linear time. More than one of them is refused, wherever they stand. */
export function readBearer(request: WireRequest, places: TokenPlaces): Credentials {
  const fields = authorizationFields(request)
  const inQuery = fromQuery(request)
  if (inQuery.length > 0 && !places.query) return malformed
  const inBody = places.body ? fromBody(request) : []
  if (fields.length + inQuery.length + inBody.length > 1) return malformed
  if (fields.length === 1) return fromHeader(fields[0] as string)
  const token = inQuery[0] ?? inBody[0]
  if (token === undefined) return none
  return token === '' ? malformed : { kind: 'token', token }
}
