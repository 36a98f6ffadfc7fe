import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { Unavailable } from '@countersign/core'
import * as onExpress from '@countersign/express'
import * as onKoa from '@countersign/koa'
import { requireClaims, requireScopes } from '@countersign/verifier'
import express, { type NextFunction, type Request, type Response } from 'express'
import express4 from 'express4'
import Koa from 'koa'
import Koa2 from 'koa2'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { startGuard, tokenOf } from '../verifier/guard-setup.js'

const { RefusedError } = onExpress
type OnRefused = (error: onExpress.RefusedError) => unknown
type Guarded = ReturnType<typeof startGuard>['guard']
/** An app whose only handler answers 200, behind a requirement. */
type AppOf = (guard: Guarded, onRefused: OnRefused, hears?: (error: unknown) => void) => RequestListener

const outage = requireClaims(async (_auth: unknown, sent: object) => {
  const { headers } = sent as { readonly headers: Readonly<Record<string, unknown>> }
  if (headers['x-outage'] !== undefined) throw new Unavailable('store_unavailable', { retryAfterSeconds: 7 })
  return true
})

const onExpressWith =
  (module: typeof express): AppOf =>
  (guard, onRefused, hears) => {
    const app = module()
    app.get('/', onExpress.protect(guard, requireScopes('read'), outage, { onRefused }), (_req, res) => {
      res.json('reached')
    })
    app.use((error: unknown, _req: Request, _res: Response, next: NextFunction) => {
      hears?.(error)
      next(error)
    })
    return app
  }

const onKoaWith =
  (create: () => Koa): AppOf =>
  (guard, onRefused, hears) => {
    const app = create()
    app.silent = true
    app.use((ctx, next) =>
      next().catch((error: unknown) => {
        hears?.(error)
        return ctx.throw(error as Error)
      }),
    )
    app.use(onKoa.protect(guard, requireScopes('read'), outage, { onRefused }))
    app.use((ctx) => {
      ctx.body = '"reached"'
    })
    return app.callback()
  }

const apps: readonly (readonly [string, AppOf])[] = [
  ['express 5', onExpressWith(express)],
  ['express 4', onExpressWith(express4 as unknown as typeof express)],
  ['koa 3', onKoaWith(() => new Koa())],
  ['koa 2', onKoaWith(() => new Koa2() as unknown as Koa)],
]

const bearer = async (changes?: Readonly<Record<string, unknown>>): Promise<string> => `Bearer ${await tokenOf(changes)}`

describe.each(apps)('onRefused of protect on %s', (_name, appOf) => {
  it('is not called for a request that is admitted', async () => {
    const app = appOf(startGuard().guard, () => new Error('called'))
    await request(app)
      .get('/')
      .set('authorization', await bearer())
      .expect(200, '"reached"')
  })

  it('gives the error handling what has status, fields of the answer and the exact reason', async () => {
    const heard: unknown[] = []
    const app = appOf(
      startGuard().guard,
      (error) => error,
      (error) => heard.push(error),
    )
    const expired = await request(app)
      .get('/')
      .set('authorization', await bearer({ exp: 1 }))
    expect(expired.status).toBe(401)
    expect(expired.headers['www-authenticate']).toBe(
      'Bearer realm="api", error="invalid_token", error_description="The access token expired."',
    )
    expect(expired.headers['cache-control']).toContain('no-store')
    await request(app)
      .get('/')
      .set('authorization', await bearer({ scope: 'write' }))
      .expect(403)
    await request(app).get('/').expect(401)
    expect(heard.every((error) => error instanceof RefusedError)).toBe(true)
    expect(heard).toMatchObject([
      { status: 401, statusCode: 401, reason: 'expired', code: 'invalid_token', message: 'The access token expired.', expose: true },
      { status: 403, reason: 'insufficient_scope', code: 'insufficient_scope' },
      { status: 401, reason: 'no_credentials', code: undefined },
    ])
  })

  it('is called in an outage, whose answer stays 503 with Retry-After', async () => {
    const app = appOf(startGuard().guard, (error) => error)
    const answer = await request(app)
      .get('/')
      .set({ authorization: await bearer(), 'x-outage': '1' })
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '7'])
  })

  it.each([
    ['an error of the host', (error: object) => Object.assign(new Error('own'), { status: 418, cause: error }), 418],
    ['a promise of an error', async () => Object.assign(new Error('own'), { status: 418 }), 418],
    [
      'an error that is thrown',
      () => {
        throw Object.assign(new Error('own'), { status: 418 })
      },
      418,
    ],
    ['nothing', () => undefined, 401],
    ['a promise of nothing', async () => undefined, 401],
    ['the word that lets Express go on', () => 'route', 401],
    ['true', () => true, 401],
  ] as const)('never admits the request: %s', async (_what, onRefused, status) => {
    const heard: unknown[] = []
    const app = appOf(startGuard().guard, onRefused, (error) => heard.push(error))
    const answer = await request(app).get('/')
    expect([answer.status, heard.length]).toEqual([status, 1])
  })
})

describe('guardRequest', () => {
  it('makes of the request of a framework what guard.check takes', async () => {
    const { guard } = startGuard()
    const app = express().get('/', async (req, res) => {
      const admission = await guard.check(onExpress.guardRequest(req))
      res.json([admission.ok, onExpress.authOf(guard, req).subject])
    })
    await request(app)
      .get('/')
      .set('authorization', await bearer())
      .expect(200, [true, 'user-1'])
    const koa = new Koa().use(async (ctx) => {
      const admission = await guard.check(onKoa.guardRequest(ctx))
      ctx.body = [admission.ok, onKoa.authOf(guard, ctx).subject]
    })
    const server = koa.listen(0, '127.0.0.1')
    await once(server, 'listening')
    await request(server)
      .get('/')
      .set('authorization', await bearer())
      .expect(200, [true, 'user-1'])
    server.close()
  })
})
