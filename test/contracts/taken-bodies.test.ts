import type { IncomingMessage, RequestListener } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { jsonReply, readForm, readJson } from '@countersign/core'
import { handle as onExpress } from '@countersign/express'
import { handle as onKoa } from '@countersign/koa'
import express from 'express'
import express4 from 'express4'
import Koa from 'koa'
import Koa2 from 'koa2'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { ways } from './ways-in.js'

const endpoint = async (asked: Parameters<typeof readForm>[0]) => {
  const form = asked.url === '/json' ? await readJson(asked) : await readForm(asked)
  return jsonReply(form.ok ? 200 : form.status, { ok: form.ok })
}

/** Somebody who reads a body and keeps it: a logger, a check of a signature. */
async function readAll(req: IncomingMessage): Promise<void> {
  await buffer(req)
}

type Take = (req: IncomingMessage) => Promise<void> | void

function expressApp(make: typeof express, take: Take, heard: unknown[]): RequestListener {
  const app = make()
  app.use((req, _res, next) => {
    Promise.resolve(take(req)).then(() => next(), next)
  })
  app.use(onExpress(endpoint))
  app.use((error: unknown, _req: unknown, res: express.Response, next: express.NextFunction) => {
    heard.push(error)
    if (res.headersSent) next(error)
    else res.status(500).end()
  })
  return app
}

function koaApp(app: Koa, take: Take, heard: unknown[]): RequestListener {
  app.on('error', (error) => heard.push(error))
  app.use(async (ctx, next) => {
    await take(ctx.req)
    await next()
  })
  return app.use(onKoa(endpoint)).callback()
}

const frameworks: readonly [string, (take: Take, heard: unknown[]) => RequestListener][] = [
  ['Express 5', (take, heard) => expressApp(express, take, heard)],
  ['Express 4', (take, heard) => expressApp(express4 as unknown as typeof express, take, heard)],
  ['Koa 3', (take, heard) => koaApp(new Koa(), take, heard)],
  ['Koa 2', (take, heard) => koaApp(new Koa2() as unknown as Koa, take, heard)],
]

describe.each(frameworks)('%s', (_name, appOf) => {
  it.each(['/form', '/json'])(
    'a body that somebody read before the endpoint is a fault of the host, not of the client: 500 and what to do (%s)',
    async (path) => {
      const heard: unknown[] = []
      const asked = request(appOf(readAll, heard)).post(path)
      await (path === '/json' ? asked.send({ a: 1 }) : asked.type('form').send('a=1')).expect(500)
      expect(heard).toHaveLength(1)
      expect(String(heard[0])).toMatch(/was read before this endpoint/)
    },
  )

  it('so is one that somebody began to read', async () => {
    const heard: unknown[] = []
    const take = (req: IncomingMessage): Promise<void> =>
      new Promise((resolve) => {
        req.once('data', () => {
          req.pause()
          resolve()
        })
      })
    await request(appOf(take, heard)).post('/form').type('form').send('a=1').expect(500)
    expect(heard).toHaveLength(1)
  })

  it('a body that was empty was lost by nobody', async () => {
    const heard: unknown[] = []
    const app = appOf(readAll, heard)
    await request(app).post('/form').expect(200)
    await request(app).post('/form').type('form').expect(200)
    await request(app).post('/json').type('json').expect(400)
    expect(heard).toEqual([])
  })

  it.each(ways)('a body that nobody read is read, over $name', async ({ ask }) => {
    const heard: unknown[] = []
    const app = appOf(() => undefined, heard)
    const fields = [['Content-Type', 'application/x-www-form-urlencoded']] as const
    expect(await ask(app, { method: 'POST', path: '/form', fields, body: 'a=1' })).toMatchObject({ status: 200 })
    expect(await ask(app, { method: 'POST', path: '/form', fields, body: 'a=1&a=2' })).toMatchObject({ status: 400 })
    expect(heard).toEqual([])
  })
})
