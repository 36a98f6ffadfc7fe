import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { connect, constants, createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { WireRequest } from '@countersign/core'
import { optional, requireClaims } from '@countersign/verifier'
import express from 'express'
import express4 from 'express4'
import request from 'supertest'
import { describe, expect, it, onTestFinished } from 'vitest'
import { answerTo, startGuard, tokenOf } from './guard-setup.js'

const raw = (...fields: string[]): readonly string[] => ['Host', 'api.test', ...fields]

describe('header fields', () => {
  it.each(['authorization', 'Authorization', 'AUTHORIZATION', 'aUTHORIZATION'])(
    'named %s are found, as an event of API Gateway has them',
    async (name) => {
      const { guard } = startGuard()
      const value = `Bearer ${await tokenOf()}`
      expect(await answerTo(guard, { headers: { Host: 'api.test', [name]: value } })).toBe('200 main')
      expect(await answerTo(guard, { headers: { [name]: [value] }, rawHeaders: [] })).toBe('200 main')
      expect(await answerTo(guard, { headers: { [name]: 'Bearer x' } }, optional())).toBe('401 malformed')
    },
  )

  it('of two spellings in one record are two fields, also beside what came over the wire', async () => {
    const { guard } = startGuard()
    const value = `Bearer ${await tokenOf()}`
    for (const other of [value, 'Basic eDp5', ''])
      for (const rawHeaders of [undefined, [], raw('authorization', value)])
        for (const headers of [
          { authorization: value, Authorization: other },
          { Authorization: other, authorization: value },
        ])
          expect(await answerTo(guard, { headers, rawHeaders }, optional())).toBe('400 malformed_request')
    expect(await answerTo(guard, { headers: { AUTHORIZATION: value, Authorization: value } })).toBe('400 malformed_request')
    expect(await answerTo(guard, { headers: { authorization: value, Authorization: undefined } })).toBe('200 main')
  })

  it('in the prototype of the record are none', async () => {
    const { guard } = startGuard()
    const value = `Bearer ${await tokenOf()}`
    for (const name of ['authorization', 'Authorization'])
      expect(await answerTo(guard, { headers: Object.create({ [name]: value }) as object as WireRequest['headers'] })).toBe(
        '401 no_credentials',
      )
  })

  it('of Fetch are read, and its Request is taken as it is: authOf and requirements know it', async () => {
    const { guard } = startGuard()
    const authorization = `Bearer ${await tokenOf()}`
    const fetched = new Request('https://api.test/accounts/7?x=1', { headers: { authorization } })
    const seen: unknown[] = []
    const ownAccount = requireClaims((_auth, given) => seen.push(given) > 0)
    expect(await guard.check(fetched, ownAccount)).toMatchObject({ ok: true })
    expect(seen).toEqual([fetched])
    expect(guard.authOf(fetched)).toMatchObject({ subject: 'user-1' })
    expect(await guard.check({ headers: new Headers({ authorization }) })).toMatchObject({ ok: true })
    expect(await guard.check(new Request('https://api.test'))).toMatchObject({ ok: false, reason: 'no_credentials' })
    expect(await guard.check(new Request('https://api.test/?access_token=x'), optional())).toMatchObject({ reason: 'malformed_request' })
    const twice = new Headers([
      ['authorization', authorization],
      ['Authorization', authorization],
    ])
    expect(await guard.check({ headers: twice }, optional())).toMatchObject({ ok: false, reason: 'malformed_request' })
  })

  it.each<[string, unknown, RegExp]>([
    ['missing', undefined, /request\.headers must be .*, got nothing/],
    ['null', null, /got nothing/],
    ['a text', 'Authorization: Bearer x', /got a string/],
    ['a list', [['authorization', 'Bearer x']], /got a list/],
    ['a Map', new Map([['authorization', 'Bearer x']]), /got an object of Map/],
  ])('that are %s are a TypeError that says so', async (_what, headers, message) => {
    const { guard } = startGuard()
    const checked = guard.check({ headers } as WireRequest, optional())
    await expect(checked).rejects.toThrow(TypeError)
    await expect(checked).rejects.toThrow(message)
  })

  it.each([undefined, null, 'a request'])('of %j, which is no request, are a TypeError', async (sent) => {
    await expect(startGuard().guard.check(sent as unknown as WireRequest)).rejects.toThrow(/guard\.check: request must be an object/)
  })
})

describe.each([
  ['Express 5', express],
  ['Express 4', express4 as unknown as typeof express],
])('the request of %s', (_name, framework) => {
  it('is taken by guard.check as it is, without a deprecation warning', async () => {
    const { guard } = startGuard()
    const warned: unknown[] = []
    const hear = (warning: unknown): number => warned.push(warning)
    process.on('deprecation', hear)
    onTestFinished(() => void process.off('deprecation', hear))
    const app = framework()
    const router = framework.Router()
    router.get('/me', async (req, res) => {
      const admission = await guard.check(req)
      res
        .status(admission.ok ? 200 : admission.reply.status)
        .json(admission.ok ? { subject: guard.authOf(req).subject } : { reason: admission.reason })
    })
    app.use('/api', router)
    const authorization = `Bearer ${await tokenOf()}`
    await request(app).get('/api/me').set({ authorization }).expect(200, { subject: 'user-1' })
    await request(app).get('/api/me').expect(401, { reason: 'no_credentials' })
    expect(warned).toEqual([])
  })

  it('is judged by the URL that the client sent, whatever a router makes of it', async () => {
    const { guard } = startGuard()
    const app = framework().get('/', async (req, res) => {
      req.url = '/'
      const admission = await guard.check(req, optional())
      res.json({ reason: admission.ok ? 'admitted' : admission.reason })
    })
    await request(app).get('/?access_token=x').expect(200, { reason: 'malformed_request' })
  })
})

describe('the request of Node', () => {
  const fieldsOf = async (fields: string[]): Promise<IncomingMessage> => {
    const server = createServer((_req, res) => res.end()).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const got = once(server, 'request') as Promise<[IncomingMessage]>
    await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, {
      headers: fields.map((value): [string, string] => ['authorization', value]),
    })
    return (await got)[0]
  }

  it('is taken as it is', async () => {
    const { guard } = startGuard()
    const sent = await fieldsOf([`Bearer ${await tokenOf()}`])
    expect(await guard.check(sent)).toMatchObject({ ok: true })
    expect(guard.authOf(sent)).toMatchObject({ subject: 'user-1' })
  })

  it('is taken as it is over HTTP/2 too', async () => {
    const { guard } = startGuard()
    const server = createHttp2Server(async (sent, response) => {
      const admission = await guard.check(sent)
      response.writeHead(admission.ok ? 200 : admission.reply.status).end()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    onTestFinished(() => {
      session.close()
      server.close()
    })
    const status = async (headers: Record<string, string>): Promise<unknown> => {
      const [answer] = (await once(session.request({ ':path': '/', ...headers }).end(), 'response')) as [Record<string, unknown>]
      return answer[constants.HTTP2_HEADER_STATUS]
    }
    expect(await status({ authorization: `Bearer ${await tokenOf()}` })).toBe(200)
    expect(await status({})).toBe(401)
  })
})
