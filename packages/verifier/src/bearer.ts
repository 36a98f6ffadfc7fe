import { type Refusal, refuse, type WireRequest } from '@countersign/core'

/** Where tokens are accepted beside the Authorization header (RFC 6750 §2.2, §2.3). Both are off by default. */
export interface TokenPlaces {
  /** The query parameter `access_token`. Logs and histories keep URLs: avoid it. */
  readonly query?: boolean
  /** The field `access_token` of a form that the host has parsed. */
  readonly body?: boolean
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

/** The values of every Authorization field, also of those that Node leaves out of `headers`. */
function authorizationFields(request: WireRequest): readonly string[] {
  const { rawHeaders = [] } = request
  const values: string[] = []
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string
    if (name.length === 13 && name.toLowerCase() === 'authorization') values.push(rawHeaders[index + 1] ?? '')
  }
  if (values.length > 0) return values
  // Nothing came over the wire: there are no raw fields, or middleware of the host set this one.
  const field = request.headers.authorization
  return field === undefined ? [] : typeof field === 'string' ? [field] : field
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
