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

/** What a guard is given. Express's own `req.host` is a string, so that the request cannot be passed as it is. */
export function guardRequest(req: ExpressRequest): WireRequest {
  const { method, originalUrl: url, headers, rawHeaders, body, ip }: Parsed = req
  return { method, url, headers, rawHeaders, body, ip, host: req }
}

/** What an endpoint is given: either the body that the host parsed or the unread stream. */
export function endpointRequest(req: Parsed, params: WireRequest['params'] = req.params): WireRequest {
  const { method, originalUrl: url, headers, rawHeaders, body, ip } = req
  // body-parser 1 leaves an empty object where it did not parse, and the body is still in the stream.
  const isUnread = !req.readableDidRead && (body === undefined || Object.keys(body ?? {}).length === 0)
  const certificate = (req.socket as Partial<TLSSocket>).getPeerCertificate?.()?.raw
  const unread = isUnread ? req : undefined
  return { method, url, headers, rawHeaders, ip, host: req, params, certificate, body: isUnread ? undefined : body, stream: unread }
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
