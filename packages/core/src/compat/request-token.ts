import { authorizationField } from '../header-fields.js'
import { requestUrl, type WireRequest } from '../http.js'

const pathOf = (url: string): string => url.split('?', 1)[0] ?? ''

/** The fields without those that hold credentials. */
function otherFields(headers: WireRequest['headers']): WireRequest['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'))
}

/**
 * The request with the token that the host found, and with no other credentials: a guard then checks this token, and does not see a second one
 * in the Authorization field, in the query or in the body.
 *
 * @param token - undefined makes a request without credentials
 * @returns a request whose `frameworkRequest` is that of `request`
 * @example
 * const admission = await guard.check(withToken(guardRequest(req), req.cookies.token))
 */
export function withToken(request: WireRequest, token: string | undefined): WireRequest {
  const others = otherFields(request.headers)
  const headers = token === undefined ? others : { ...others, authorization: `Bearer ${token}` }
  return { ...request, url: pathOf(requestUrl(request)), originalUrl: undefined, headers, rawHeaders: undefined, body: undefined }
}

function firstString(...values: readonly unknown[]): string | undefined {
  return values.find((value): value is string => typeof value === 'string' && value !== '')
}

/**
 * The token of a request that a guard has checked: from the Authorization field, else from a form, else from the query (RFC 6750 §2). A guard
 * refuses a request with two tokens, so at most one place has one.
 *
 * @returns undefined if the request has none
 * @example
 * const token = presentedToken(guardRequest(req))
 */
export function presentedToken(request: WireRequest): string | undefined {
  const field = [authorizationField(request)].flat()[0]
  const [scheme = '', token] = (field ?? '').trim().split(/ +/)
  if (/^(?:bearer|dpop)$/i.test(scheme)) return token
  const { access_token: inBody } = (request.body ?? {}) as { readonly access_token?: unknown }
  const query = requestUrl(request).split('?')[1]
  return firstString(inBody, query && new URLSearchParams(query).get('access_token'))
}

/**
 * Whether an Authorization field has credentials for somebody else: a scheme that is neither Bearer nor DPoP, and one value.
 *
 * @example
 * isOtherScheme('Basic YTpi') // true
 */
export function isOtherScheme(field: string | readonly string[] | undefined): boolean {
  return typeof field === 'string' && /^(?!bearer |dpop )[^ ]+ [^ ]+$/i.test(field.trim())
}

/**
 * One JSON part of a compact JWS, without any check. It is for tokens that a guard has verified, or for messages.
 *
 * @param part - 0 is the header, 1 the payload (RFC 7515 §7.1)
 * @returns an empty object if the part cannot be read
 * @example
 * const { kid } = decodedPart(token, 0)
 */
export function decodedPart(token: string | undefined, part: 0 | 1): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(token?.split('.')[part] ?? '', 'base64url').toString())
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
