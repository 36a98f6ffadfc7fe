import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Reply, unreadBody, type WireRequest } from '@countersign/core'

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
  const socket = req.socket as object | undefined
  return socket || Object.hasOwn(req, 'ip') ? req.ip : undefined
}

/** What a guard is given. */
export function guardRequest(req: ExpressRequest): WireRequest {
  const { method, originalUrl: url, headers, rawHeaders, body, socket }: Parsed = req
  const ip = addressOf(req)
  return { method, url, headers, rawHeaders, body, ip, socket, frameworkRequest: req }
}

/** What an endpoint is given, with the body as {@link unreadBody} finds it. */
export function endpointRequest(req: Parsed, params: WireRequest['params'] = req.params): WireRequest {
  return { ...guardRequest(req), params, ...unreadBody(req.body, req) }
}

/** Writes a reply with Node's own methods: `res.send` would add an ETag and may turn the answer into a 304. */
export function send(res: ServerResponse, reply: Reply): void {
  if (res.headersSent) return // the host has answered meanwhile, for instance with its own timeout
  res.statusCode = reply.status
  setFields(res, reply.headers)
  if (reply.body !== undefined) res.setHeader('content-length', Buffer.byteLength(reply.body))
  res.end(reply.body)
}

/** Sets fields of a reply that somebody else may write. */
export function setFields(res: ServerResponse, headers: Reply['headers']): void {
  for (const [name, value] of Object.entries(headers)) {
    // Other middleware may have set a cookie, a Vary or a list of its own.
    if (isShared(name)) res.appendHeader(name, value)
    else res.setHeader(name, value)
  }
}

const shared: readonly string[] = ['set-cookie', 'vary', 'access-control-expose-headers']
const isShared = (name: string): boolean => shared.includes(name.toLowerCase())
