import { createServer, type Server } from 'node:http'
import { handle } from '@countersign/express'
import { handle as handleKoa } from '@countersign/koa'
import { bodyParser } from '@koa/bodyparser'
import express, { type RequestHandler } from 'express'
import express4 from 'express4'
import Koa from 'koa'
import { afterEach, describe, expect, it } from 'vitest'
import { listening } from '../contracts/listening.js'
import { basic, setup } from './endpoint-setup.js'

const { endpoint, register } = setup({ json: true })
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function serve(server: Server): Promise<string> {
  const { url, close } = await listening(server.listen(0, '127.0.0.1'))
  closing.push(close)
  return url
}

type MakeApp = typeof express
const withExpress = (make: MakeApp, ...parsers: readonly RequestHandler[]) => {
  const app = make()
  for (const parser of parsers) app.use(parser)
  app.post('/token', handle(endpoint) as RequestHandler)
  return serve(createServer(app))
}

/** Read by the host and not kept anywhere. */
const swallow: RequestHandler = (req, _res, next) => {
  req.resume().on('end', next)
}
const toMap: RequestHandler = (req, _res, next) => {
  req.body = new Map(Object.entries((req.body as object | undefined) ?? {}))
  next()
}

const hosts: Readonly<Record<string, () => Promise<string>>> = {
  'nothing (Express 5)': () => withExpress(express),
  'nothing (Express 4)': () => withExpress(express4 as unknown as MakeApp),
  'json and simple forms': () => withExpress(express, express.json(), express.urlencoded({ extended: false })),
  'json and simple forms (Express 4)': () =>
    withExpress(express4 as unknown as MakeApp, express4.json(), express4.urlencoded({ extended: false })),
  'json alone': () => withExpress(express, express.json()),
  'json alone (Express 4)': () => withExpress(express4 as unknown as MakeApp, express4.json()),
  'json and extended forms (Express 4)': () =>
    withExpress(express4 as unknown as MakeApp, express4.json(), express4.urlencoded({ extended: true })),
  'json and extended forms': () => withExpress(express, express.json(), express.urlencoded({ extended: true })),
  'a Map': () => withExpress(express, express.json(), express.urlencoded({ extended: false }), toMap),
  bytes: () => withExpress(express, express.raw({ type: () => true })),
  text: () => withExpress(express, express.text({ type: () => true })),
  'nothing (Koa)': () => serve(createServer(new Koa().use(handleKoa(endpoint)).callback())),
  '@koa/bodyparser, as text': () =>
    serve(
      createServer(
        new Koa()
          .use(bodyParser({ enableTypes: ['text'], extendTypes: { text: ['*/*'] } }))
          .use(handleKoa(endpoint))
          .callback(),
      ),
    ),
  '@koa/bodyparser': () => serve(createServer(new Koa().use(bodyParser()).use(handleKoa(endpoint)).callback())),
}

describe.each(Object.entries(hosts))('a body that the host has parsed: %s', (_name, start) => {
  it('gives the same answers as any other', async () => {
    const url = `${await start()}/token`
    const { id, secret } = await register()
    const ask = async (body: string, type = 'application/x-www-form-urlencoded', query = '') => {
      const answer = await fetch(url + query, { method: 'POST', headers: { ...basic(id, secret), 'content-type': type }, body })
      const { error, scope } = (await answer.json()) as { error?: string; scope?: string }
      return `${answer.status} ${error ?? scope ?? ''}`
    }
    expect(await ask('grant_type=client_credentials&scope=read+write')).toBe('200 read write')
    expect(await ask('grant_type=client_credentials&scope=')).toBe('200 read write')
    expect(await ask('grant_type=client_credentials&__proto__=x&constructor=y&toString=z')).toBe('200 read write')
    expect(await ask('{"grant_type":"client_credentials","scope":"read"}', 'application/json')).toBe('200 read')
    expect(await ask('{"grant_type":"client_credentials","scope":{"$gt":""}}', 'application/json')).toBe('400 invalid_request')
    expect(await ask('{"grant_type":["client_credentials"]}', 'application/json')).toBe('400 invalid_request')
    expect(await ask('grant_type=client_credentials&grant_type=client_credentials')).toBe('400 invalid_request')
    expect(await ask('grant_type[$gt]=&scope=read')).toBe('400 invalid_request')
    expect(await ask('grant_type=client_credentials&username[$gt]=')).toBe('400 invalid_request')
    expect(await ask('grant_type=client_credentials', 'application/x-www-form-urlencoded', '?scope=read')).toBe('200 read write')
    expect(await ask('scope=read', 'application/x-www-form-urlencoded', '?grant_type=client_credentials')).toBe('400 invalid_request')
    expect(await ask('<grant_type/>', 'application/xml')).toBe('415 invalid_request')
  })
})

it('a body that somebody read and threw away is a 400 and does not hang', async () => {
  const url = `${await withExpress(express, swallow)}/token`
  const answer = await fetch(url, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
    signal: AbortSignal.timeout(2_000),
  })
  expect(answer.status).toBe(400)
})
