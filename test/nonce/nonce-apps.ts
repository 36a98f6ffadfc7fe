import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Endpoint } from '@countersign/core'
import { handle as handleExpress } from '@countersign/express'
import { handle as handleKoa } from '@countersign/koa'
import { createSender, type Send, type SentRequest } from '@countersign/testkit'
import { bodyParser } from '@koa/bodyparser'
import express from 'express'
import Koa from 'koa'
import { onTestFinished } from 'vitest'

async function opened(listen: () => Server): Promise<Send> {
  const server = listen()
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return createSender(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
}

type Mount = (endpoint: Endpoint) => Promise<Send>

/** One endpoint on both frameworks, with and without the host's own parser. */
export const mounts: Readonly<Record<string, Mount>> = {
  'Express with its parser': (endpoint) => {
    const app = express()
    app.use(express.json(), handleExpress(endpoint))
    return opened(() => app.listen(0, '127.0.0.1'))
  },
  'Express without a parser': (endpoint) => {
    const app = express()
    app.use(handleExpress(endpoint))
    return opened(() => app.listen(0, '127.0.0.1'))
  },
  'Koa with its parser': (endpoint) => {
    const app = new Koa()
    app.silent = true
    app.use(bodyParser())
    app.use(handleKoa(endpoint))
    return opened(() => app.listen(0, '127.0.0.1'))
  },
  'Koa without a parser': (endpoint) => {
    const app = new Koa()
    app.silent = true
    app.use(handleKoa(endpoint))
    return opened(() => app.listen(0, '127.0.0.1'))
  },
}

/** A POST with a JSON body, or with the text as it is. */
export function posted(body: unknown, type = 'application/json'): SentRequest {
  const headers = [['content-type', type]] as const
  return {
    method: 'POST',
    path: '/nonce',
    headers,
    body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
  }
}
