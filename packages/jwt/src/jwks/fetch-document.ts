import type { Fetch, FetchResponse } from '@countersign/core'

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
 * @throws TypeError if it is no such URL
 */
export function documentUrl(url: string | URL, allowInsecure: boolean): URL {
  if (!URL.canParse(String(url))) throw new TypeError(`${JSON.stringify(String(url).slice(0, 200))} is no absolute URL`)
  const parsed = new URL(url)
  const plain = parsed.protocol === 'http:' && (allowInsecure || loopback.has(parsed.hostname))
  if (parsed.protocol !== 'https:' && !plain)
    throw new TypeError(`${parsed.protocol}//${parsed.host} is neither https nor http on loopback; allowInsecure takes any http`)
  if (parsed.username !== '' || parsed.password !== '') throw new TypeError('a URL of keys carries no credentials')
  return parsed
}

/** The body in pieces. Some fetches of older kind have all of it at once. */
function chunksOf(body: object): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  if (ArrayBuffer.isView(body)) return [body as Uint8Array]
  if (Symbol.asyncIterator in body) return body as AsyncIterable<Uint8Array>
  throw new Error('fetch must give a response whose body can be read in pieces')
}

async function limitedBody({ body }: FetchResponse, maxBytes: number): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  if (body === null) return ''
  let text = ''
  let received = 0
  for await (const chunk of chunksOf(body)) {
    received += chunk.byteLength
    if (received > maxBytes) throw new Error(`the document is larger than ${maxBytes} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
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

/** Gives up what was not read of a body: a web stream is cancelled, a stream of Node is destroyed. */
async function discard(body: (Partial<ReadableStream> & { destroy?(): void }) | null): Promise<void> {
  if (typeof body?.cancel === 'function') {
    if (body.locked !== true) await body.cancel().catch(() => undefined)
  } else if (typeof body?.destroy === 'function') body.destroy()
}

/**
 * Fetches a document: no redirects, bounded in bytes while it is read, 200 or (with an ETag) 304 only.
 *
 * @throws Error that says what was wrong; its text is for the host's log
 */
export async function fetchDocument(url: URL, rules: FetchRules, signal: AbortSignal, etag?: string): Promise<FetchedDocument> {
  const headers = { accept: 'application/jwk-set+json, application/json', ...(etag !== undefined && { 'if-none-match': etag }) }
  const response = await rules.fetch(url.href, { headers, redirect: 'error', signal })
  try {
    if (response.redirected) throw new Error('the document was redirected')
    const life = { etag: response.headers.get('etag') ?? undefined, freshSeconds: freshSeconds(response.headers) }
    if (response.status === 304 && etag !== undefined) return { text: undefined, ...life, etag: life.etag ?? etag }
    if (response.status !== 200) throw new Error(`the document was answered with status ${response.status}`)
    if (Number(response.headers.get('content-length') ?? 0) > rules.maxBytes)
      throw new Error(`the document is larger than ${rules.maxBytes} bytes`)
    return { text: await limitedBody(response, rules.maxBytes), ...life }
  } finally {
    // An unread body would hold its connection; a read or broken one has nothing left to cancel.
    await discard(response.body)
  }
}
