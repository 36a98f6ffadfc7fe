import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Reply, unreadBody, type WireRequest } from '@countersign/core'

/** The part of Koa's `Context` that is used; the context of Koa 2 and 3 and of its routers fits. */
export interface KoaContext {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly request: object
  readonly method: string
  readonly originalUrl: string
  readonly path: string
  readonly ip: string
  readonly params?: unknown
  status: number
  body: unknown
  set(name: string, value: string | string[]): void
  append(name: string, value: string | string[]): void
  remove(name: string): void
}

const bodyOf = (ctx: KoaContext): unknown => (ctx.request as { readonly body?: unknown }).body

/** A request of a mock, or of an adapter, may have no socket, and Koa's own getter of `ip` fails without one. */
function addressOf(ctx: KoaContext): string | undefined {
  const socket = ctx.req.socket as object | undefined
  return socket || Object.hasOwn(ctx, 'ip') ? ctx.ip : undefined
}

/** What a guard is given. */
export function guardRequest(ctx: KoaContext): WireRequest {
  const { headers, rawHeaders, socket } = ctx.req
  const { method, originalUrl: url } = ctx
  return { method, url, headers, rawHeaders, body: bodyOf(ctx), ip: addressOf(ctx), socket, frameworkRequest: ctx }
}

/** What an endpoint is given, with the body as {@link unreadBody} finds it. */
export function endpointRequest(ctx: KoaContext, params: unknown = ctx.params): WireRequest {
  return { ...guardRequest(ctx), ...unreadBody(bodyOf(ctx), ctx.req), params: params as WireRequest['params'] }
}

/** Gives a reply to Koa, which writes it when every middleware is done. */
export function send(ctx: KoaContext, { status, headers, body = '' }: Reply): void {
  ctx.status = status
  // Koa takes any other bytes than a Buffer for an object, and no body for a request to say the status in words.
  ctx.body = typeof body === 'string' ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  ctx.remove('content-type') // guessed by Koa, or of other middleware
  setFields(ctx, headers)
}

const appended: readonly string[] = ['set-cookie', 'vary', 'access-control-expose-headers']

/** Sets fields of a reply that somebody else may write. */
export function setFields(ctx: KoaContext, headers: Reply['headers']): void {
  for (const [name, value] of Object.entries(headers)) {
    // Other middleware may have set a cookie, a Vary or a list of its own.
    ctx[appended.includes(name.toLowerCase()) ? 'append' : 'set'](name, typeof value === 'string' ? value : [...value])
  }
}
