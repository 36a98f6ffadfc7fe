import {
  authorizationField,
  type CookiePlace,
  type FixedTokenPlaces,
  headerField,
  type Refusal,
  type Requirement,
  refuse,
  requestUrl,
  type WireRequest,
} from '@countersign/core'
import type { TokenScheme } from '../sender-constraint/confirmed-request.js'

/** A token, and the scheme that stood before it: `Bearer` also in the query and the body. */
interface PresentedToken {
  readonly kind: 'token'
  readonly token: string
  readonly scheme: TokenScheme
}

/** What a request carries: a token, nothing at all, or something that is refused. */
export type Credentials = PresentedToken | { readonly kind: 'none' } | { readonly kind: 'refused'; readonly refusal: Refusal }

const none: Credentials = Object.freeze({ kind: 'none' })
const refusedAs = (refusal: Refusal): Credentials => Object.freeze({ kind: 'refused', refusal })
const malformed = (received: string): Credentials =>
  refusedAs(refuse('malformed_request', { detail: { expected: 'one token, in one place that is accepted', received } }))

const severalFields = malformed('several Authorization fields')
const severalPlaces = malformed('a token in several places')
const inClosedQuery = malformed('access_token in the query, where tokenFrom.query is off')
const afterToken = malformed('something after the token')
const severalCookies = malformed('several cookies with the name of tokenFrom.cookie')
const crossSite = refusedAs(
  refuse('malformed_request', {
    detail: { expected: 'a request that csrf of tokenFrom.cookie accepts', received: 'one that it does not accept' },
  }),
)
const emptyToken = malformed('an access_token that is empty or not a string')

/** Of a scheme that is not in this list nothing is told: what stands there may be a token that was sent without a scheme. */
const schemes = new Map(
  ['Basic', 'Digest', 'HOBA', 'Mutual', 'Negotiate', 'OAuth', 'Token', 'ApiKey', 'JWT'].map((name) => [name.toLowerCase(), name]),
)
const otherScheme = (scheme: string): Credentials =>
  refusedAs(refuse('scheme', { detail: { expected: 'Bearer', received: schemes.get(scheme) ?? 'no scheme that is known' } }))
/** `Bearer` without a token: the same as no credentials, but never anonymous. */
const emptyScheme = (scheme: TokenScheme): Credentials =>
  refusedAs(refuse('no_credentials', { detail: { expected: 'a token', received: `${scheme} with nothing after it` } }))
const [emptyBearer, emptyDpop] = [emptyScheme('Bearer'), emptyScheme('DPoP')]
const proofOfPossession = refusedAs(refuse('confirmation', { detail: { expected: 'the scheme Bearer', received: 'the scheme DPoP' } }))

function fromHeader(value: string, provesKeys: boolean): Credentials {
  const space = value.indexOf(' ')
  const scheme = (space === -1 ? value : value.slice(0, space)).toLowerCase()
  const isDpop = scheme === 'dpop'
  if (isDpop && !provesKeys) return proofOfPossession
  if (!isDpop && scheme !== 'bearer') return otherScheme(scheme)
  let start = space === -1 ? value.length : space
  while (value.charCodeAt(start) === 0x20) start += 1
  let end = value.length
  while (end > start && value.charCodeAt(end - 1) === 0x20) end -= 1
  if (start === end) return isDpop ? emptyDpop : emptyBearer
  const token = value.slice(start, end)
  return token.includes(' ') || token.includes(',') ? afterToken : { kind: 'token', token, scheme: isDpop ? 'DPoP' : 'Bearer' }
}

const nowhere: readonly string[] = Object.freeze([])

function fromQuery(request: WireRequest): readonly string[] {
  const url = requestUrl(request)
  const mark = url.indexOf('?')
  // A name can be percent-encoded; without either there is nothing to parse.
  if (mark === -1 || !(url.includes('access_token', mark) || url.includes('%', mark))) return nowhere
  return new URLSearchParams(url.slice(mark + 1)).getAll('access_token')
}

function isForm(type: unknown): boolean {
  if (typeof type !== 'string') return false
  const end = type.indexOf(';')
  return (end === -1 ? type : type.slice(0, end)).trim().toLowerCase() === 'application/x-www-form-urlencoded'
}

function fromBody(request: WireRequest): readonly string[] {
  const { body, method } = request
  if (method === 'GET' || method === 'HEAD' || !isForm(headerField(request, 'content-type'))) return nowhere
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, 'access_token')) return nowhere
  const token = (body as { access_token: unknown }).access_token
  // A list or an object is not a token; an empty string makes the request malformed.
  return typeof token === 'string' ? [token] : ['', '']
}

/** The values of further fields. An empty one counts as not sent: a proxy sends it where nobody is signed in. */
function fromFields(request: WireRequest, names: readonly string[]): readonly string[] {
  return names
    .flatMap((name) => headerField(request, name) ?? [])
    .map((value) => value.trim())
    .filter((value) => value !== '')
}

/** RFC 6265 §5.4: names and values, with a semicolon between them; a value may stand in quotation marks. */
function cookiesOf(request: WireRequest, name: string): readonly string[] {
  const pairs = [headerField(request, 'cookie') ?? []].flat().flatMap((field) => field.split(';'))
  return pairs.flatMap((pair) => {
    const at = pair.indexOf('=')
    return at !== -1 && pair.slice(0, at).trim() === name
      ? [
          pair
            .slice(at + 1)
            .trim()
            .replace(/^"(.*)"$/, '$1'),
        ]
      : []
  })
}

const safeMethods: readonly (string | undefined)[] = ['GET', 'HEAD', 'OPTIONS']

function fromCookie(request: WireRequest, { name, csrf }: CookiePlace): Credentials {
  const found = cookiesOf(request, name).filter((value) => value !== '')
  if (found.length > 1) return severalCookies
  const [token] = found
  if (token === undefined) return none
  if (!safeMethods.includes(request.method)) {
    const answer: unknown = csrf(request)
    if (typeof answer !== 'boolean') throw new TypeError(`tokenFrom.cookie.csrf must return true or false, got ${typeof answer}`)
    if (!answer) return crossSite
  }
  return token.includes(' ') || token.includes(',') ? afterToken : { kind: 'token', token, scheme: 'Bearer' }
}

/** The places of one route: those that a requirement names, else those of the guard. */
export function placesOf(requirements: readonly Requirement<never, never>[], ofGuard: FixedTokenPlaces): FixedTokenPlaces {
  for (const requirement of requirements) {
    // Its own member only: a library may pollute the prototype of functions.
    if (Object.hasOwn(requirement, 'tokenFrom') && requirement.tokenFrom) return requirement.tokenFrom
  }
  return ofGuard
}

/** Reads the credentials of a request in linear time. More than one of them is refused, wherever they stand; a cookie counts only where nothing else is. */
export function readCredentials(request: WireRequest, places: FixedTokenPlaces, provesKeys: boolean): Credentials {
  const shown = places.authorization ? authorizationField(request) : undefined
  const fields = shown === undefined || typeof shown === 'string' ? Number(shown !== undefined) : shown.length
  const inQuery = fromQuery(request)
  if (inQuery.length > 0 && !places.query) return inClosedQuery
  const inBody = places.body ? fromBody(request) : nowhere
  const inFields = places.headers.length > 0 ? fromFields(request, places.headers) : nowhere
  if (fields > 1) return severalFields
  if (fields + inQuery.length + inBody.length + inFields.length > 1) return inBody.length > 1 ? emptyToken : severalPlaces
  const field = typeof shown === 'object' ? shown[0] : shown
  if (field !== undefined) return fromHeader(field, provesKeys)
  const [inField] = inFields
  if (inField !== undefined && /[ ,]/.test(inField)) return afterToken
  const token = inField ?? inQuery[0] ?? inBody[0]
  if (token === undefined) return places.cookie === undefined ? none : fromCookie(request, places.cookie)
  return token === '' ? emptyToken : { kind: 'token', token, scheme: 'Bearer' }
}
