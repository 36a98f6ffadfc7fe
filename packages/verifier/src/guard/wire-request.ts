import type { FetchRequest, WireRequest } from '@countersign/core'

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? `an object of ${value.constructor?.name ?? 'no class'}` : `a ${typeof value}`
}

const isFetch = (headers: object): headers is FetchRequest['headers'] =>
  'get' in headers && typeof headers.get === 'function' && 'append' in headers && typeof headers.append === 'function'

/** The fields as a record. Fetch's `Headers` joins several fields of one name with a comma, which is refused like two fields. */
function fromFetch(request: FetchRequest & WireRequest, headers: FetchRequest['headers']): WireRequest {
  const shown = (name: string): string | undefined => headers.get(name) ?? undefined
  const { method, url, originalUrl, rawHeaders, body, ip, params, socket, certificate, frameworkRequest = request } = request
  const usual = { authorization: shown('authorization'), 'content-type': shown('content-type'), dpop: shown('dpop') }
  // All fields where they can be listed: tokenFrom may name any of them, and csrf may read any.
  const fields = Symbol.iterator in headers ? Object.fromEntries(headers as unknown as Iterable<readonly [string, string]>) : usual
  return { method, url, originalUrl, headers: fields, rawHeaders, body, ip, params, socket, certificate, frameworkRequest }
}

const notFields = (value: unknown): TypeError =>
  new TypeError(`guard.check: request.headers must be a record of header fields or Headers of Fetch, got ${kindOf(value)}`)

/**
 * The object that a check is noted for: the framework's own request where there is one.
 *
 * @throws TypeError if the request is not an object
 */
export function checkedObject(request: WireRequest | FetchRequest): object {
  if (typeof request !== 'object' || request === null) throw new TypeError(`guard.check: request must be an object, got ${kindOf(request)}`)
  const { frameworkRequest } = request as WireRequest
  return typeof frameworkRequest === 'object' && frameworkRequest !== null ? frameworkRequest : request
}

/**
 * The request as plain data. What Node and the mounts give is that already, and is given back as it is.
 *
 * @throws TypeError if `headers` are not header fields
 */
export function wireRequest(request: WireRequest | FetchRequest): WireRequest {
  const headers: unknown = request.headers
  if (typeof headers !== 'object' || headers === null) throw notFields(headers)
  const prototype: unknown = Object.getPrototypeOf(headers)
  if (prototype === Object.prototype || prototype === null) return request as WireRequest
  if (isFetch(headers)) return fromFetch(request as FetchRequest & WireRequest, headers)
  // A list, a Map, the events of API Gateway as pairs.
  if (Symbol.iterator in headers) throw notFields(headers)
  return request as WireRequest
}
