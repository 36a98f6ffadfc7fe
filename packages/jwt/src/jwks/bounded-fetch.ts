import type { Fetch, FetchInit, FetchResponse } from '@countersign/core'

/** The body in pieces. Some fetches of older kind have all of it at once. */
function chunksOf(body: object): AsyncIterable<Uint8Array> | Iterable<Uint8Array> {
  if (ArrayBuffer.isView(body)) return [body as Uint8Array]
  if (Symbol.asyncIterator in body) return body as AsyncIterable<Uint8Array>
  throw new Error('fetch must give a response whose body can be read in pieces')
}

function tooLarge(name: string, maxBytes: number): Error {
  return new Error(`${name} is larger than ${maxBytes} bytes`)
}

async function limitedBody({ body }: FetchResponse, maxBytes: number, name: string): Promise<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  if (body === null) return ''
  let text = ''
  let received = 0
  for await (const chunk of chunksOf(body)) {
    received += chunk.byteLength
    if (received > maxBytes) throw tooLarge(name, maxBytes)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/** Gives up what was not read of a body: a web stream is cancelled, a stream of Node is destroyed. */
async function discard(body: (Partial<ReadableStream> & { destroy?(): void }) | null): Promise<void> {
  if (typeof body?.cancel === 'function') {
    if (body.locked !== true) await body.cancel().catch(() => undefined)
  } else if (typeof body?.destroy === 'function') body.destroy()
}

async function responseOf(ask: () => Promise<FetchResponse>, name: string): Promise<FetchResponse> {
  try {
    return await ask()
  } catch (cause) {
    throw new Error(`${name} cannot be fetched`, { cause })
  }
}

/** A request to another party, and what its answer is held to. */
export interface BoundedRequest {
  /** What messages begin with. */
  readonly name: string
  readonly fetch: Fetch
  readonly init: Omit<FetchInit, 'redirect'>
  /** Longest body in bytes. */
  readonly maxBytes: number
}

/** An answer whose body may be read, once. */
export interface BoundedResponse {
  readonly status: number
  readonly headers: FetchResponse['headers']
  /** Reads the whole body. Rejects if it is too large or not UTF-8. */
  text(): Promise<string>
}

/**
 * Sends a request: no redirect is followed, and the body is bounded while it is read.
 *
 * @param read - takes from the answer what is needed; what it leaves of the body is given up
 * @throws Error that begins with `name`
 */
export async function boundedFetch<T>(url: URL, request: BoundedRequest, read: (response: BoundedResponse) => Promise<T>): Promise<T> {
  const { name, fetch, init, maxBytes } = request
  const response = await responseOf(() => fetch(url.href, { ...init, redirect: 'error' }), name)
  try {
    if (response.redirected) throw new Error(`${name} was redirected`)
    return await read({
      status: response.status,
      headers: response.headers,
      async text() {
        if (Number(response.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(name, maxBytes)
        return limitedBody(response, maxBytes, name)
      },
    })
  } finally {
    // An unread body would hold its connection; a read or broken one has nothing left to cancel.
    await discard(response.body)
  }
}
