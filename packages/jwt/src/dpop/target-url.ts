import { routedPath } from '@countersign/core'

/** Scheme, authority and path of an http(s) URL. Query and fragment are not compared (RFC 9449 §4.3). */
const form = /^(https?):\/\/([^/?#]+)([^?#]*)/i
/** A name or an address, and a port. Without user information: no client has a reason to put it there. */
const authorityForm = /^(\[[0-9a-f:.]+\]|[a-z0-9._~%!$&'()*+,;=-]+)(?::(\d*))?$/
const defaultPorts: Readonly<Record<string, string>> = { http: '80', https: '443' }

const withoutQuery = (url: string): string => {
  const end = url.search(/[?#]/)
  return end === -1 ? url : url.slice(0, end)
}

/** RFC 3986 §6.2.2.1 and §6.2.2.2: upper-case digits, and unreserved characters as themselves. Undefined for a `%` without two digits. */
function normalEncoding(text: string): string | undefined {
  if (!text.includes('%')) return text
  if (/%(?![0-9a-f]{2})/i.test(text)) return undefined
  return text.replaceAll(/%[0-9a-f]{2}/gi, (octet) => {
    const character = String.fromCharCode(Number.parseInt(octet.slice(1), 16))
    return /[\w.~-]/.test(character) ? character : octet.toUpperCase()
  })
}

/** A segment `.` or `..` after the scheme. An encoded dot is a dot (RFC 3986 §6.2.2.2). */
const dotSegment = /\/(?:\.|%2e){1,2}(?:\/|$)/i

/** RFC 3986 §5.2.4. */
function withoutDotSegments(path: string): string {
  if (!path.includes('/.')) return path
  const [, ...segments] = path.split('/')
  const kept: string[] = []
  segments.forEach((segment, at) => {
    const isDots = segment === '.' || segment === '..'
    if (segment === '..') kept.pop()
    if (!isDots) kept.push(segment)
    else if (at === segments.length - 1) kept.push('')
  })
  return `/${kept.join('/')}`
}

/** Origin and path of a URL as they are compared (RFC 3986 §6.2.2, §6.2.3), dot segments included. Undefined for anything but an http(s) URL. */
function normalParts(url: string): { readonly origin: string; readonly path: string } | undefined {
  // A reader of URLs as browsers have it takes a backslash for a slash, and drops tabs and line breaks.
  if (!/^[\x21-\x5b\x5d-\x7e]+$/.test(url)) return undefined
  const [, scheme = '', authority = '', path = ''] = form.exec(url) ?? []
  const lowerScheme = scheme.toLowerCase()
  const [, host, port = ''] = authorityForm.exec(normalEncoding(authority)?.toLowerCase() ?? '') ?? []
  const normalPath = normalEncoding(path)
  if (host === undefined || normalPath === undefined) return undefined
  const shownPort = port === '' || port === defaultPorts[lowerScheme] ? '' : `:${port}`
  return { origin: `${lowerScheme}://${host}${shownPort}`, path: normalPath || '/' }
}

/**
 * Whether the path of a request has a segment `.` or `..`, also in encoded form. Nobody can say which resource such a request means: a
 * router takes the segments as they are, and a proxy or a file system resolves them.
 *
 * @param url - the whole URL of the request
 */
export function hasDotSegments(url: string): boolean {
  return dotSegment.test(withoutQuery(url))
}

/**
 * Whether the claim `htu` of a proof means the URL of a request, after RFC 3986 normalisation (case of scheme and host, default port,
 * percent-encoding), without query and fragment (RFC 9449 §4.3). Dot segments are removed from `htu` alone: a request that has some has no
 * target.
 *
 * @param htu - as the client sent it
 * @param url - the whole URL of the request, of which the server knows the origin by its configuration
 * @example
 * console.log(isSameTarget('HTTPS://API.example:443/x/../a%2Db', 'https://api.example/a-b?x=1')) // → true
 */
export function isSameTarget(htu: string, url: string): boolean {
  const target = withoutQuery(url)
  if (hasDotSegments(target)) return false
  // The usual proof: the client has the URL as it sent it.
  if (htu === target) return true
  const [claimed, requested] = [normalParts(htu), normalParts(target)]
  if (claimed === undefined || requested === undefined) return false
  return claimed.origin === requested.origin && withoutDotSegments(claimed.path) === requested.path
}

/** A URL for logs: without query and fragment, which may hold secrets. */
export function shownTarget(url: string): string {
  const parts = normalParts(url)
  return parts === undefined ? 'a text that is not an http(s) URL' : parts.origin + parts.path
}

/**
 * The path of a request as its client sent it, without query. A request to a proxy has a whole URL there; of that only the path counts. A
 * router may read another text in its own way: all of it is then the path, which no proof means.
 *
 * @param url - `originalUrl` or `url` of a request
 * @example
 * console.log(requestPath('/me?x=1')) // → /me
 */
export function requestPath(url: string): string {
  const path = withoutQuery(url)
  return path === '' || path.startsWith('/') ? path || '/' : (routedPath(url) ?? `/${path}`)
}
