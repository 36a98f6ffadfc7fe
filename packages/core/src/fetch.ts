/** What a {@link Fetch} is called with. */
export interface FetchInit {
  /** @defaultValue `GET` */
  readonly method?: 'POST'
  readonly headers: Record<string, string>
  /** With `POST`: a form. */
  readonly body?: string
  readonly redirect: 'error'
  readonly signal: AbortSignal
}

/** The parts of a response that are read. `Response` of Node, of undici and of node-fetch have them. */
export interface FetchResponse {
  readonly status: number
  /** Whether a redirect was followed. */
  readonly redirected?: boolean
  readonly headers: { get(name: string): string | null }
  /** Yields bytes: a web stream, or a stream of Node. Null for a response without a body. */
  readonly body: object | null
}

/**
 * Fetches a document, or asks a question by `POST`. The type is structural: the global `fetch`, the `fetch` of undici (for a proxy or a CA of your own)
 * and node-fetch all have it.
 */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchResponse>

/**
 * The default of every `fetch`: the global one, looked up at each call.
 * A `fetch` that is replaced later, for instance by a mock server, is therefore seen.
 */
export const globalFetch: Fetch = (url, init) => globalThis.fetch(url, init)
