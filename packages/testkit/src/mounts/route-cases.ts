import { deepEqual, equal } from 'node:assert/strict'
import { type Endpoint, jsonReply, type RouteTable, Unavailable } from '@countersign/core'
import type { MountAdapter, MountCase } from './mount-adapter.js'
import { mountCase } from './mount-run.js'

const says =
  (name: string): Endpoint =>
  async ({ params }) =>
    jsonReply(200, { name, params })

const table: RouteTable = [
  { method: 'GET', path: '/.well-known/metadata', endpoint: says('metadata') },
  { method: 'GET', path: '/clients/me', endpoint: says('me') },
  { method: 'GET', path: '/clients/:id', endpoint: says('client') },
  { method: 'DELETE', path: '/clients/:id/keys/:kid', endpoint: says('key') },
  { method: 'POST', path: '/down', endpoint: () => Promise.reject(new Unavailable('store_unavailable')) },
  { method: 'POST', path: '/broken', endpoint: () => Promise.reject(new Error('a fault of the program')) },
]

/** What a mount's `routes` must do. */
export function routeCases(adapter: MountAdapter): readonly MountCase[] {
  const make = mountCase(adapter)
  return [
    make(
      'a route table answers at its methods and paths, with parameters decoded',
      (app) => app.routes(table),
      async ({ get, send }) => {
        deepEqual(JSON.parse((await get('/.well-known/metadata?x=1')).body), { name: 'metadata', params: {} })
        deepEqual(JSON.parse((await get('/clients/me')).body), { name: 'me', params: {} })
        deepEqual(JSON.parse((await get('/clients/a%2Fb')).body), { name: 'client', params: { id: 'a/b' } })
        const key = await send({ method: 'DELETE', path: '/clients/1/keys/2', headers: [] })
        deepEqual(JSON.parse(key.body), { name: 'key', params: { id: '1', kid: '2' } })
      },
    ),
    make(
      'a known path with another method is 405 and names the methods that it has',
      (app) => app.routes(table),
      async ({ get, send }) => {
        const wrong = await get('/clients/1/keys/2')
        deepEqual([wrong.status, wrong.headers.allow], [405, 'DELETE'])
        const read = await send({ method: 'POST', path: '/clients/1', headers: [], body: '' })
        deepEqual([read.status, read.headers.allow], [405, 'GET, HEAD'])
      },
    ),
    make(
      'a path that the table does not have goes on to the host',
      (app) => {
        app.routes(table)
        app.open('/clients/1/other', () => ({ host: true }))
      },
      async ({ get }) => {
        for (const path of ['/', '/clients', '/clients/1/', '/clients/1/keys', '/x/clients/1']) {
          const reply = await get(path)
          deepEqual([reply.status, JSON.parse(reply.body)], [404, { error: 'no_route' }], path)
        }
        deepEqual(JSON.parse((await get('/clients/1/other')).body), { host: true })
      },
    ),
    make(
      'HEAD is answered by the entry for GET, without a body',
      (app) => app.routes(table),
      async ({ get, send }) => {
        const head = await send({ method: 'HEAD', path: '/clients/me', headers: [] })
        const length = (await get('/clients/me')).headers['content-length']
        deepEqual([head.status, head.body, head.headers['content-length']], [200, '', length])
      },
    ),
    make(
      'an outage of a route is 503, another throw the error of the host',
      (app) => app.routes(table),
      async ({ send, heard }) => {
        equal((await send({ method: 'POST', path: '/down', headers: [], body: '' })).status, 503)
        equal(heard.length, 0)
        equal((await send({ method: 'POST', path: '/broken', headers: [], body: '' })).status, 500)
        equal(heard.length, 1)
      },
    ),
  ]
}
