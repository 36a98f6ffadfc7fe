import type { ClientCertificate, PeerSocket } from './client-certificate.js'

/** Header fields by name, as `node:http` gives them. Our readers compare names without regard to case (RFC 9110 §5.1). */
export type WireHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * A request as plain data. Node's `IncomingMessage` fits as it is; mounts translate what a framework makes of it.
 */
export interface WireRequest {
  readonly method?: string | undefined
  /** Path and query as sent, for instance `/me?x=1`. */
  readonly url?: string | undefined
  /** Path and query as the client sent them, where a router of the host's shortens `url`. It wins over `url`. */
  readonly originalUrl?: string | undefined
  readonly headers: WireHeaders
  /** Names and values in turn, exactly as received: Node keeps only the first of two Authorization headers elsewhere. */
  readonly rawHeaders?: readonly string[] | undefined
  /** Address of the peer, or what the host's proxy settings make of it. */
  readonly ip?: string | undefined
  readonly params?: Readonly<Record<string, unknown>> | undefined
  /** The body, where the host has parsed it. */
  readonly body?: unknown
  /** The unread body. */
  readonly stream?: AsyncIterable<Uint8Array> | undefined
  /** The client's TLS certificate, where something else than `socket` knows it, for instance the event of a gateway. */
  readonly certificate?: ClientCertificate | undefined
  /** The connection: the certificate and the address of the peer itself are read from it. */
  readonly socket?: PeerSocket | undefined
  /** The framework's own request object: what requirements are given and what `authOf` looks up. Default: this object. */
  readonly frameworkRequest?: object | undefined
}

/** A request whose header fields are in Fetch's `Headers`, for instance Fetch's `Request`. */
export interface FetchRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: { get(name: string): string | null; append(name: string, value: string): void }
}

/** Path and query as the client sent them; an empty text where the request does not say. */
export function requestUrl({ originalUrl, url }: Pick<WireRequest, 'originalUrl' | 'url'>): string {
  return originalUrl ?? url ?? ''
}

/** An answer as plain data. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  /** Text, bytes or nothing; already serialised. */
  readonly body?: string | Uint8Array | undefined
}

/** A request in, a reply out. It throws only for a fault of ours. */
export type Endpoint = (request: WireRequest) => Promise<Reply>

/** One entry of a {@link RouteTable}. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** A path whose parameters are written `:name`; nothing else is special. */
  readonly path: string
  readonly endpoint: Endpoint
}

/** Several endpoints with their methods and paths; a mount turns it into a router. */
export type RouteTable = readonly Route[]

/**
 * A reply with a JSON body.
 *
 * @param status - HTTP status
 * @param value - anything that `JSON.stringify` takes
 * @param headers - further header fields; `content-type` may be replaced
 */
export function jsonReply(status: number, value: unknown, headers: Reply['headers'] = {}): Reply {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) }
}
