import type { Fetch, FetchResponse } from '@countersign/core'
import { boundedFetch } from './bounded-fetch.js'
import { shownUrl } from './shown.js'

/** How a document of an issuer may be fetched. */
export interface FetchRules {
  readonly fetch: Fetch
  /** Plain http to something else than loopback. */
  readonly allowInsecure: boolean
  readonly maxBytes: number
}

/** A document as it came, and what its header fields say of its life. */
export interface FetchedDocument {
  /** Undefined for 304 Not Modified. */
  readonly text: string | undefined
  readonly etag: string | undefined
  /** Seconds for which it is fresh by Cache-Control and Age; undefined where nothing is said. */
  readonly freshSeconds: number | undefined
}

const loopback: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Checks that keys may be fetched from a URL: https, or http on loopback, or http where the host opted in.
 *
 * @param subject - what the URL is, for the message, for instance `jwks: url`
 * @throws TypeError for any other URL
 */
export function documentUrl(subject: string, url: string | URL, allowInsecure: boolean): URL {
  if (!URL.canParse(String(url))) throw new TypeError(`${subject} must be an absolute URL, got ${shownUrl(url)}`)
  const parsed = new URL(url)
  const plain = parsed.protocol === 'http:' && (allowInsecure || loopback.has(parsed.hostname))
  if (parsed.protocol !== 'https:' && !plain)
    throw new TypeError(
      `${subject} must be https, or http on loopback, got ${parsed.protocol}//${parsed.host}; with allowInsecure: true every http URL is accepted`,
    )
  if (parsed.username !== '' || parsed.password !== '')
    throw new TypeError(`${subject} must not have a user name or password, got them in ${shownUrl(parsed)}`)
  return parsed
}

function freshSeconds(headers: FetchResponse['headers']): number | undefined {
  const directives = (headers.get('cache-control') ?? '').slice(0, 1024).toLowerCase().split(',')
  const names = directives.map((directive) => directive.trim())
  if (names.some((name) => name === 'no-store' || name === 'no-cache')) return 0
  const maxAge = names.find((name) => name.startsWith('max-age='))
  const value = Number(maxAge?.slice('max-age='.length).replaceAll('"', '') || Number.NaN)
  if (!Number.isFinite(value)) return undefined
  const age = Number(headers.get('age') ?? 0)
  return Math.max(0, value - (Number.isFinite(age) && age > 0 ? age : 0))
}

/**
 * Fetches a document: no redirects, bounded in bytes while it is read, 200 or (with an ETag) 304 only.
 *
 * @throws Error that names the URL, without its query, and what was wrong; its text is for the host's log
 */
export async function fetchDocument(url: URL, rules: FetchRules, signal: AbortSignal, etag?: string): Promise<FetchedDocument> {
  const headers = { accept: 'application/jwk-set+json, application/json', ...(etag !== undefined && { 'if-none-match': etag }) }
  const name = shownUrl(url)
  return boundedFetch(url, { name, fetch: rules.fetch, init: { headers, signal }, maxBytes: rules.maxBytes }, async (response) => {
    const life = { etag: response.headers.get('etag') ?? undefined, freshSeconds: freshSeconds(response.headers) }
    if (response.status === 304 && etag !== undefined) return { text: undefined, ...life, etag: life.etag ?? etag }
    if (response.status !== 200) throw new Error(`${name} was answered with status ${response.status}`)
    return { text: await response.text(), ...life }
  })
}

/**
 * Parses a document that was fetched.
 *
 * @throws Error that names the URL
 */
export function parseDocument(text: string, url: URL): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Error(`${shownUrl(url)} is not JSON`, { cause })
  }
}
