import { createServer, type Server } from 'node:http'
import { gzipSync } from 'node:zlib'
import { handle } from '@countersign/express'
import { handle as handleKoa } from '@countersign/koa'
import { bodyParser } from '@koa/bodyparser'
import express, { type RequestHandler } from 'express'
import express4 from 'express4'
import Koa from 'koa'
import supertest from 'supertest'
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
    for (const name of ['grant_type[]', 'grant_type[0]', 'grant_type[a]', 'grant_type[][]', 'grant_type%5B%5D']) {
      expect([name, await ask(`${name}=client_credentials`)]).toEqual([name, '400 invalid_request'])
      expect([name, await ask(`grant_type=client_credentials&${name}=client_credentials`)]).toEqual([name, '400 invalid_request'])
    }
    for (const name of ['scope[]', 'scope[0]', 'audience[]', 'audience[0]', 'resource[x]'])
      expect([name, await ask(`grant_type=client_credentials&${name}=read`)]).toEqual([name, '400 invalid_request'])
    expect(await ask('grant_type=client_credentials', 'application/x-www-form-urlencoded', '?scope=read')).toBe('200 read write')
    expect(await ask('scope=read', 'application/x-www-form-urlencoded', '?grant_type=client_credentials')).toBe('400 invalid_request')
    expect(await ask('<grant_type/>', 'application/xml')).toBe('415 invalid_request')
  })
})

const unparsed = ['nothing (Express 5)', 'nothing (Express 4)', 'nothing (Koa)']

describe.each([...unparsed, 'bytes'])('a body that nobody has parsed: %s', (name) => {
  it('is refused where two readers would read two things', async () => {
    const url = (await hosts[name]?.()) ?? ''
    const { id, secret } = await register()
    const form = 'application/x-www-form-urlencoded'
    const ask = async (body: string | Buffer, type: string, further: Readonly<Record<string, string>> = {}) => {
      const request = supertest(url)
        .post('/token')
        .set({ ...basic(id, secret), 'content-type': type, ...further })
      // Bytes are sent as they are.
      return (await request.serialize((bytes: unknown) => bytes as string).send(body)).status
    }
    expect(await ask('grant_type=client_credentials', form)).toBe(200)
    expect(await ask('\ufeffgrant_type=client_credentials', form)).toBe(400)
    expect(await ask('{"grant_type":"client_credentials","scope":"read","scope":"write"}', 'application/json')).toBe(400)
    expect(await ask('{"grant_type":"client_credentials"}', 'application/json')).toBe(200)
  })
})

describe.each(unparsed)('a compressed body: %s', (name) => {
  it('is 415 where nobody decodes it', async () => {
    const url = (await hosts[name]?.()) ?? ''
    const { id, secret } = await register()
    const ask = async (body: string | Buffer, coding: string) => {
      const headers = { ...basic(id, secret), 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': coding }
      return (
        await supertest(url)
          .post('/token')
          .set(headers)
          .serialize((bytes: unknown) => bytes as string)
          .send(body)
      ).status
    }
    expect(await ask(gzipSync('grant_type=client_credentials'), 'gzip')).toBe(415)
    // What says that it is compressed is not read as if it were not.
    expect(await ask('grant_type=client_credentials', 'gzip')).toBe(415)
    expect(await ask('grant_type=client_credentials', 'identity')).toBe(200)
  })
})

it('a compressed body is read where the host decodes it', async () => {
  const url = await withExpress(express, express.urlencoded({ extended: true }))
  const { id, secret } = await register()
  const headers = { ...basic(id, secret), 'content-type': 'application/x-www-form-urlencoded', 'content-encoding': 'gzip' }
  const body = gzipSync('grant_type=client_credentials')
  expect(
    (
      await supertest(url)
        .post('/token')
        .set(headers)
        .serialize((bytes: unknown) => bytes as string)
        .send(body)
    ).status,
  ).toBe(200)
})

it('a body that somebody read and threw away is the fault of the host, a 500, and does not hang', async () => {
  const url = `${await withExpress(express, swallow)}/token`
  const answer = await fetch(url, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
    signal: AbortSignal.timeout(2_000),
  })
  expect(answer.status).toBe(500)
})
