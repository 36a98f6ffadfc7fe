import { type Endpoint, jsonReply, type RouteTable } from '@countersign/core'
import { routes as expressRoutes } from '@countersign/express'
import { routes as koaRoutes } from '@countersign/koa'
import request from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adapters } from './adapters.js'

const says =
  (name: string): Endpoint =>
  async ({ params }) =>
    jsonReply(200, { name, params })

const table: RouteTable = [
  { method: 'GET', path: '/', endpoint: says('root') },
  { method: 'GET', path: '/clients/me', endpoint: says('me') },
  { method: 'GET', path: '/clients/:id', endpoint: says('client') },
  { method: 'PUT', path: '/clients/:id', endpoint: says('put') },
  { method: 'POST', path: '/clients/:id/secrets/:secret', endpoint: says('secret') },
  { method: 'GET', path: '/a.b*(c)', endpoint: says('literal') },
]

describe.each(adapters)('$name', ({ start }) => {
  let url = ''
  let close: () => Promise<void>
  beforeAll(async () => {
    const server = await start((app) => app.routes(table))
    url = server.url
    close = server.close
  })
  afterAll(() => close())

  it('the first entry that fits answers, with its parameters decoded', async () => {
    await request(url).get('/').expect(200, { name: 'root', params: {} })
    await request(url).get('/clients/me?x=1').expect(200, { name: 'me', params: {} })
    await request(url)
      .get('/clients/a%2Fb%20%C3%A4')
      .expect(200, { name: 'client', params: { id: 'a/b ä' } })
    await request(url)
      .post('/clients/1/secrets/2')
      .expect(200, { name: 'secret', params: { id: '1', secret: '2' } })
  })

  it.each(['/a.b*(c)'])('nothing but :name is special in %s', async (path) => {
    await request(url).get(path).expect(200, { name: 'literal', params: {} })
    await request(url).get('/aXb*(c)').expect(404)
  })

  it.each(['/client', '/clients', '/clients/', '/clients/1/', '/Clients/1', '//clients/1', '/clients/1/secrets'])(
    'a path of no entry goes on: %s',
    async (path) => {
      await request(url).get(path).expect(404, { error: 'no_route' })
    },
  )

  it('a known path with another method is 405 and names the methods that there are', async () => {
    const answer = await request(url).delete('/clients/me').expect(405)
    expect(answer.headers.allow).toBe('GET, HEAD, PUT')
    expect((await request(url).get('/clients/1/secrets/2').expect(405)).headers.allow).toBe('POST')
  })

  it('HEAD is answered by the entry for GET, without a body', async () => {
    const answer = await request(url).head('/clients/me').expect(200)
    expect(answer.headers['content-length']).toBe(String(JSON.stringify({ name: 'me', params: {} }).length))
    expect(answer.text).toBeUndefined()
  })

  it.each(['%', '%zz', '%C3', '%ff', '%E0%80%80'])('a parameter that is badly encoded is 400: %s', async (id) => {
    await request(url).get(`/clients/${id}`).expect(400)
  })

  it('a parameter named like a member of Object is a parameter', async () => {
    await request(url)
      .get('/clients/__proto__')
      .expect(200, { name: 'client', params: { id: '__proto__' } })
  })
})

describe.each([
  ['express', expressRoutes],
  ['koa', koaRoutes],
])('%s: routes', (_name, routes) => {
  const endpoint = says('any')
  it.each([
    ['a path without leading slash', [{ method: 'GET', path: 'keys', endpoint }]],
    ['a parameter without a name', [{ method: 'GET', path: '/:', endpoint }]],
    ['a name given twice', [{ method: 'GET', path: '/:a/:a', endpoint }]],
    [
      'a method and path given twice',
      [
        { method: 'GET', path: '/a', endpoint },
        { method: 'GET', path: '/a', endpoint },
      ],
    ],
  ] satisfies [string, RouteTable][])('%s is a TypeError at start-up', (_fault, faulty) => {
    expect(() => routes(faulty)).toThrow(TypeError)
  })
})
