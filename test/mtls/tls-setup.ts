import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createServer, type RequestOptions, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Auth, Guard, Requirement } from '@countersign/core'
import * as onExpress from '@countersign/express'
import * as onKoa from '@countersign/koa'
import express from 'express'
import express4 from 'express4'
import Koa from 'koa'
import Koa2 from 'koa2'
import { onTestFinished } from 'vitest'
import { ca, type Identity, server as serverIdentity } from './identities.js'

export const frameworks = ['Express 5', 'Express 4', 'Koa 3', 'Koa 2'] as const
export type Framework = (typeof frameworks)[number]

const shown = ({ confirmation, subject }: Auth): object => ({ subject, confirmation })

/** An API with the route `/v1/orders`. */
export function apiOf(framework: Framework, guard: Guard, ...requirements: readonly Requirement[]): RequestListener {
  if (framework.startsWith('Express')) {
    const app = (framework === 'Express 5' ? express : (express4 as unknown as typeof express))()
    app.all('/v1/orders', onExpress.protect(guard, ...requirements), (req, res) => void res.json(shown(onExpress.authOf(guard, req))))
    return app
  }
  const app = framework === 'Koa 3' ? new Koa() : (new Koa2() as unknown as Koa)
  app.use(onKoa.protect(guard, ...requirements))
  app.use(async (ctx) => {
    ctx.body = shown(onKoa.authOf(guard, ctx))
  })
  return app.callback()
}

/** Serves over TLS and asks clients for a certificate, of any CA or none. */
export async function serveTls(listener: RequestListener): Promise<string> {
  const { key, cert } = serverIdentity
  const server = createServer({ key, cert, ca: ca.cert, requestCert: true, rejectUnauthorized: false }, listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export interface TlsReply {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export interface TlsRequest extends Omit<RequestOptions, 'headers'> {
  readonly headers?: Readonly<Record<string, string>>
  /** What the client presents. */
  readonly identity?: Pick<Identity, 'key' | 'cert'> | undefined
  readonly content?: string
}

/** Sends a request over a connection of its own. */
export async function sendTls(url: string, { identity, content, ...options }: TlsRequest = {}): Promise<TlsReply> {
  const own = identity === undefined ? {} : { key: identity.key, cert: identity.cert }
  const sent = request(url, { agent: false, ca: ca.cert, ...own, ...options }).end(content)
  const [reply] = await once(sent, 'response')
  return { status: reply.statusCode, headers: reply.headers, body: await text(reply) }
}
