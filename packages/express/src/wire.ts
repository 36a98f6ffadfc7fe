import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { Reply, WireRequest } from '@countersign/core'

/**
 * The part of Express's `Request` that is used; every `Request<…>` of Express 4 and 5 fits. `params` and `body` are left out,
 * or TypeScript would infer from them what later handlers see.
 */
export interface ExpressRequest extends IncomingMessage {
  readonly originalUrl: string
  readonly path: string
  readonly ip?: string | undefined
}

type Parsed = ExpressRequest & { readonly params?: Readonly<Record<string, unknown>>; readonly body?: unknown }

/** A request of a mock, or of an adapter, may have no socket, and Express's own getter of `ip` fails without one. */
function addressOf(req: ExpressRequest): string | undefined {
  const socket = req.socket as Partial<TLSSocket> | undefined
  return socket || Object.hasOwn(req, 'ip') ? req.ip : undefined
}

/** What a guard is given. */
export function guardRequest(req: ExpressRequest): WireRequest {
  const { method, originalUrl: url, headers, rawHeaders, body }: Parsed = req
  const ip = addressOf(req)
  return { method, url, headers, rawHeaders, body, ip, frameworkRequest: req }
}

const isReadable = (req: Partial<ExpressRequest>): boolean => typeof req[Symbol.asyncIterator] === 'function'

/** What an endpoint gets: the body that the host parsed, else the stream. The reader of the stream reports a stream that was read before. */
export function endpointRequest(req: Parsed, params: WireRequest['params'] = req.params): WireRequest {
  const { body } = req
  // body-parser 1 leaves an empty object where it did not parse, and the body is still in the stream.
  const isUnread = body === undefined || (Object.keys(body ?? {}).length === 0 && !req.readableDidRead)
  const socket = req.socket as Partial<TLSSocket> | undefined
  const certificate = socket?.getPeerCertificate?.()?.raw
  const given = isUnread && isReadable(req) ? { body: undefined, stream: req } : { body, stream: undefined }
  return { ...guardRequest(req), params, certificate, ...given }
}

/** Writes a reply with Node's own methods: `res.send` would add an ETag and may turn the answer into a 304. */
export function send(res: ServerResponse, reply: Reply): void {
  if (res.headersSent) return // the host has answered meanwhile, for instance with its own timeout
  res.statusCode = reply.status
  for (const [name, value] of Object.entries(reply.headers)) {
    // Other middleware may have set a cookie or a Vary of its own.
    if (isShared(name)) res.appendHeader(name, value)
    else res.setHeader(name, value)
  }
  if (reply.body !== undefined) res.setHeader('content-length', Buffer.byteLength(reply.body))
  res.end(reply.body)
}

const shared: readonly string[] = ['set-cookie', 'vary']
const isShared = (name: string): boolean => shared.includes(name.toLowerCase())
