import { X509Certificate } from 'node:crypto'
import { certificateOf, type Endpoint, jsonReply } from '@countersign/core'
import { authOf, handle, type KoaContext, optionalAuthOf, protect, routes } from '@countersign/koa'
import { bodyParser } from '@koa/bodyparser'
import Router from '@koa/router'
import Koa from 'koa'
import mount from 'koa-mount'
import Koa2 from 'koa2'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { fakeAuth, fakeGuard } from '../contracts/fake-guard.js'
import { tlsIdentity } from '../contracts/tls-identity.js'
import { tlsRequest } from '../contracts/tls-request.js'

const versions = [
  { name: 'koa 3', create: () => new Koa() },
  { name: 'koa 2', create: () => new Koa2() as unknown as Koa },
]

const tells: Endpoint = async (request) => {
  const { method, url, params, ip } = request
  const { der, isAuthorized } = certificateOf(request) ?? {}
  return jsonReply(200, { method, url, params, ip, isAuthorized, certificate: der && Buffer.from(der).toString('base64') })
}

describe.each(versions)('$name', ({ create }) => {
  it('routes mounted under a path match what follows it, and tell the url as sent', async () => {
    const app = create().use(mount('/auth', routes([{ method: 'GET', path: '/keys/:kid', endpoint: tells }])))
    const answer = await request(app.callback()).get('/auth/keys/a?x=1').expect(200)
    expect(answer.body).toMatchObject({ url: '/auth/keys/a?x=1', params: { kid: 'a' } })
    await request(app.callback()).get('/keys/a').expect(404)
  })

  it('handle gives the parameters of the router and the address of the peer', async () => {
    const app = create().use(new Router().post('/clients/:id', handle(tells)).routes())
    const answer = await request(app.callback()).post('/clients/7').expect(200)
    expect(answer.body).toMatchObject({ method: 'POST', params: { id: '7' }, ip: expect.stringContaining('127.0.0.1') })
  })

  it('cookies and Vary of other middleware stay', async () => {
    const app = create().use((ctx, next) => {
      ctx.cookies.set('session', '1')
      ctx.vary('Origin')
      return next()
    })
    app.use(handle(async () => ({ status: 200, headers: { 'Set-Cookie': ['a=1', 'b=2'], vary: 'Authorization' } })))
    const answer = await request(app.callback()).get('/').expect(200)
    expect(answer.headers['set-cookie']).toEqual(['session=1; path=/; httponly', 'a=1', 'b=2'])
    expect(answer.headers.vary).toBe('Origin, Authorization')
  })

  it('a content-type of other middleware does not change the reply', async () => {
    const app = create().use((ctx, next) => {
      ctx.type = 'application/json'
      return next()
    })
    app.use(handle(async () => ({ status: 401, headers: {} })))
    const answer = await request(app.callback()).get('/').expect(401, '')
    expect(answer.headers['content-type']).toBeUndefined()
  })

  it('a guard is given both Authorization headers, the context and the parsed body', async () => {
    const seen: unknown[] = []
    const guard = fakeGuard(({ rawHeaders, frameworkRequest, body }) => {
      seen.push(
        rawHeaders?.filter((field) => field.startsWith('Bearer')),
        (frameworkRequest as KoaContext).params,
        body,
      )
      return { ok: true, auth: fakeAuth, anonymous: false }
    })
    const router = new Router().post('/clients/:id', protect(guard), (ctx) => {
      ctx.body = { auth: authOf(guard, ctx).subject, optional: optionalAuthOf(guard, ctx)?.subject }
    })
    const app = create().use(bodyParser()).use(router.routes())
    const sent = request(app.callback())
      .post('/clients/7')
      .set('authorization', ['Bearer a', 'Bearer b'] as unknown as string)
    await sent.send({ x: 1 }).expect(200, { auth: 'somebody', optional: 'somebody' })
    expect(seen).toEqual([['Bearer a', 'Bearer b'], { id: '7' }, { x: 1 }])
  })

  it('authOf throws for a request that this guard did not admit', async () => {
    const guard = fakeGuard()
    const app = create()
      .use(protect(fakeGuard()))
      .use((ctx) => {
        expect(() => authOf(guard, ctx)).toThrow()
        ctx.body = 'checked'
      })
    await request(app.callback()).get('/').expect(200, 'checked')
  })

  it('protect waits for the later middleware, whose errors stay its own', async () => {
    const order: string[] = []
    const app = create().use(async (_ctx, next) => {
      await next()
      order.push('after')
    })
    app.use(protect(fakeGuard()))
    app.use(async (ctx) => {
      await new Promise((resolve) => setImmediate(resolve))
      order.push('handler')
      ctx.status = 204
    })
    await request(app.callback()).get('/').expect(204)
    expect(order).toEqual(['handler', 'after'])
  })

  it('the certificate of a TLS client is given in DER, and none is none', async () => {
    const app = create().use(handle(tells))
    const { certificate } = JSON.parse(await tlsRequest(app.callback(), { withCertificate: true }))
    expect(certificate).toBe(new X509Certificate(tlsIdentity.cert).raw.toString('base64'))
    expect(JSON.parse(await tlsRequest(app.callback(), { withCertificate: false })).certificate).toBeUndefined()
  })
})
