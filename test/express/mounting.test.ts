import { X509Certificate } from 'node:crypto'
import { certificateOf, type Endpoint, jsonReply } from '@countersign/core'
import { authOf, handle, optionalAuthOf, protect, routes } from '@countersign/express'
import express, { type NextFunction, type Request, type Response } from 'express'
import express4 from 'express4'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import type { ExpressModule } from '../contracts/express-adapter.js'
import { fakeAuth, fakeGuard } from '../contracts/fake-guard.js'
import { tlsIdentity } from '../contracts/tls-identity.js'
import { tlsRequest } from '../contracts/tls-request.js'

const versions: { name: string; express: ExpressModule & Pick<typeof express, 'Router' | 'raw' | 'text'> }[] = [
  { name: 'express 5', express },
  { name: 'express 4', express: express4 as unknown as typeof express },
]

const tells: Endpoint = async (request) => {
  const { method, url, params, ip } = request
  const { der, isAuthorized } = certificateOf(request) ?? {}
  return jsonReply(200, { method, url, params, ip, isAuthorized, certificate: der && Buffer.from(der).toString('base64') })
}

describe.each(versions)('$name', ({ express }) => {
  it('routes mounted under a path match what follows it, and tell the url as sent', async () => {
    const app = express().use('/auth', routes([{ method: 'GET', path: '/keys/:kid', endpoint: tells }]))
    const answer = await request(app).get('/auth/keys/a?x=1').expect(200)
    expect(answer.body).toMatchObject({ url: '/auth/keys/a?x=1', params: { kid: 'a' } })
    await request(app).get('/keys/a').expect(404)
  })

  it('handle gives the parameters of the path and the address of the peer', async () => {
    const app = express().post('/clients/:id', handle(tells))
    const answer = await request(app).post('/clients/7').expect(200)
    expect(answer.body).toMatchObject({ method: 'POST', params: { id: '7' }, ip: expect.stringContaining('127.0.0.1') })
  })

  it('cookies and Vary of other middleware stay', async () => {
    const app = express()
    app.use((_req, res, next) => {
      res.cookie('session', '1').vary('Origin')
      next()
    })
    app.get(
      '/',
      handle(async () => ({ status: 200, headers: { 'Set-Cookie': ['a=1', 'b=2'], vary: 'Authorization' } })),
    )
    const answer = await request(app).get('/').expect(200)
    expect(answer.headers['set-cookie']).toEqual(['session=1; Path=/', 'a=1', 'b=2'])
    expect(answer.headers.vary).toBe('Origin, Authorization')
  })

  it('an answer that the host has sent meanwhile is left alone', async () => {
    const heard: unknown[] = []
    const app = express()
    app.use((_req, res, next) => {
      next()
      res.status(504).end('too slow')
    })
    app.get(
      '/',
      protect(fakeGuard(() => ({ ok: false, reason: 'expired', reply: { status: 401, headers: { 'www-authenticate': 'Bearer' } } }))),
    )
    app.use((error: unknown, _req: Request, _res: Response, next: NextFunction) => {
      heard.push(error)
      next(error)
    })
    await request(app).get('/').expect(504, 'too slow')
    await new Promise((resolve) => setImmediate(resolve))
    expect(heard).toEqual([])
  })

  it('a guard is given both Authorization headers, the host request and its parsed body', async () => {
    const seen: unknown[] = []
    const guard = fakeGuard(({ rawHeaders, frameworkRequest, body }) => {
      seen.push(
        rawHeaders?.filter((field) => field.startsWith('Bearer')),
        (frameworkRequest as Request).params,
        body,
      )
      return { ok: true, auth: fakeAuth, anonymous: false }
    })
    const app = express().post('/clients/:id', express.json(), protect(guard), (req, res) => {
      res.json({ auth: authOf(guard, req).subject, optional: optionalAuthOf(guard, req)?.subject })
    })
    const sent = request(app)
      .post('/clients/7')
      .set('authorization', ['Bearer a', 'Bearer b'] as unknown as string)
    await sent.send({ x: 1 }).expect(200, { auth: 'somebody', optional: 'somebody' })
    expect(seen).toEqual([['Bearer a', 'Bearer b'], { id: '7' }, { x: 1 }])
  })

  it('authOf throws for a request that this guard did not admit', async () => {
    const guard = fakeGuard()
    const app = express().get('/', protect(fakeGuard()), (req, res) => {
      expect(() => authOf(guard, req)).toThrow()
      res.end()
    })
    await request(app).get('/').expect(200)
  })

  it.each([
    ['raw', 'application/octet-stream'],
    ['text', 'text/plain'],
  ] as const)('a body that express.%s read arrives', async (parser, type) => {
    const app = express()
    app.post(
      '/',
      express[parser](),
      handle(async ({ body, stream }) => jsonReply(200, [String(body), stream === undefined])),
    )
    await request(app).post('/').type(type).send('abc').expect(200, ['abc', true])
  })

  it('the certificate of a TLS client is given in DER, and none is none', async () => {
    const app = express().get('/', handle(tells))
    const { certificate } = JSON.parse(await tlsRequest(app, { withCertificate: true }))
    expect(certificate).toBe(new X509Certificate(tlsIdentity.cert).raw.toString('base64'))
    expect(JSON.parse(await tlsRequest(app, { withCertificate: false })).certificate).toBeUndefined()
  })
})
