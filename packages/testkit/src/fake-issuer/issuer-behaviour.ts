import type { IncomingMessage, ServerResponse } from 'node:http'

/** How an endpoint of a fake issuer misbehaves. */
export type Behaviour =
  /** Answers with that status and no document. */
  | { readonly kind: 'fail'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** Takes the request and never answers. */
  | { readonly kind: 'hang' }
  /** Answers at once, then sends the document a byte at a time. */
  | { readonly kind: 'drip'; readonly intervalMs: number }
  /** Closes the connection without an answer. */
  | { readonly kind: 'close' }
  /** Announces the whole document, sends half of it and closes the connection. */
  | { readonly kind: 'truncate' }
  | { readonly kind: 'redirect'; readonly location: string; readonly status?: 301 | 302 | 303 | 307 | 308 }
  | { readonly kind: 'delay'; readonly milliseconds: number }
  /** Sends this instead of the document: text and bytes as they are, anything else as JSON. */
  | { readonly kind: 'document'; readonly body: unknown; readonly contentType?: string }

/** What an endpoint says of the freshness of its document, truly or not. */
export interface Caching {
  readonly cacheControl?: string
  /** The header `Age` in seconds. */
  readonly ageSeconds?: number
  /** true: an ETag that changes with the document; a text: always that one. */
  readonly etag?: boolean | string
  /** When it answers 304: `match` as HTTP wants, `always` even if the document changed, or the request had no ETag. */
  readonly notModified?: 'match' | 'always' | 'never'
  /** Further header fields, for instance `expires`. */
  readonly headers?: Readonly<Record<string, string>>
}

/** What an endpoint has to say when it behaves. */
export interface IssuerDocument {
  readonly body: unknown
  readonly contentType: string
  readonly caching: Caching
}

/** Answers one request, well or badly. Timers do not keep the process alive. */
export function answer(
  request: IncomingMessage,
  response: ServerResponse,
  document: IssuerDocument,
  behaviour: Behaviour | undefined,
): void {
  switch (behaviour?.kind) {
    case undefined:
      sendDocument(request, response, document)
      return
    case 'fail':
      response.writeHead(behaviour.status, { 'content-type': 'text/plain', ...behaviour.headers }).end('internal detail of the issuer')
      return
    case 'hang':
      return
    case 'drip':
      drip(response, document, behaviour.intervalMs)
      return
    case 'close':
      request.socket.destroy()
      return
    case 'truncate':
      truncate(response, document)
      return
    case 'redirect':
      response.writeHead(behaviour.status ?? 302, { location: behaviour.location }).end()
      return
    case 'delay':
      setTimeout(() => sendDocument(request, response, document), behaviour.milliseconds).unref()
      return
    case 'document':
      sendDocument(request, response, {
        ...document,
        body: behaviour.body,
        contentType: behaviour.contentType ?? document.contentType,
      })
      return
  }
}

function bytesOf(body: unknown): Buffer {
  return typeof body === 'string' || body instanceof Uint8Array ? Buffer.from(body) : Buffer.from(JSON.stringify(body))
}

function sendDocument(request: IncomingMessage, response: ServerResponse, { body, contentType, caching }: IssuerDocument): void {
  const bytes = bytesOf(body)
  const etag = caching.etag === true ? `"${fingerprint(bytes)}"` : caching.etag || undefined
  const headers = {
    ...(caching.cacheControl !== undefined && { 'cache-control': caching.cacheControl }),
    ...(caching.ageSeconds !== undefined && { age: String(caching.ageSeconds) }),
    ...(etag !== undefined && { etag }),
    ...caching.headers,
  }
  const matches = etag !== undefined && request.headers['if-none-match'] === etag
  const notModified = caching.notModified ?? 'match'
  if (notModified === 'always' || (notModified === 'match' && matches)) {
    response.writeHead(304, headers).end()
    return
  }
  response.writeHead(200, { 'content-type': contentType, 'content-length': bytes.length, ...headers }).end(bytes)
}

function fingerprint(bytes: Buffer): string {
  let sum = 0
  for (const byte of bytes) sum = (Math.imul(sum, 31) + byte) >>> 0
  return sum.toString(16)
}

function drip(response: ServerResponse, { body, contentType }: IssuerDocument, intervalMs: number): void {
  const bytes = bytesOf(body)
  response.writeHead(200, { 'content-type': contentType })
  let sent = 0
  const timer = setInterval(() => {
    response.write(bytes.subarray(sent, sent + 1))
    sent += 1
    if (sent >= bytes.length) response.end()
    if (response.writableEnded) clearInterval(timer)
  }, intervalMs).unref()
  response.once('close', () => clearInterval(timer))
}

function truncate(response: ServerResponse, { body, contentType }: IssuerDocument): void {
  const bytes = bytesOf(body)
  response.writeHead(200, { 'content-type': contentType, 'content-length': bytes.length })
  response.write(bytes.subarray(0, bytes.length >> 1), () => response.destroy())
}
