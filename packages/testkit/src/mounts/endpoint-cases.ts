import { deepEqual, equal, ok } from 'node:assert/strict'
import { type Endpoint, jsonReply, Unavailable, type WireRequest } from '@countersign/core'
import type { MountAdapter, MountCase } from './mount-adapter.js'
import { mountCase } from './mount-run.js'

async function readStream(request: WireRequest): Promise<Buffer | undefined> {
  if (!request.stream) return undefined
  const chunks: Uint8Array[] = []
  for await (const chunk of request.stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Says what it was given: the parsed body, or the length and text of the stream. */
const echo: Endpoint = async (request) => {
  const bytes = await readStream(request)
  return jsonReply(200, {
    method: request.method,
    url: request.url,
    params: request.params,
    body: request.body,
    streamed: bytes && { length: bytes.length, start: bytes.toString('utf8', 0, 40) },
  })
}

const form = ['content-type', 'application/x-www-form-urlencoded'] as const
const json = ['content-type', 'application/json'] as const

/** What a mount's `handle` must do. */
export function endpointCases(adapter: MountAdapter): readonly MountCase[] {
  const make = mountCase(adapter)
  return [
    make(
      'a reply is sent as it is: status, headers and text',
      (app) => app.handle('GET', '/', async () => ({ status: 203, headers: { 'content-type': 'text/x', 'x-a': 'b' }, body: 'äö' })),
      async ({ get }) => {
        const { status, headers, body } = await get('/')
        deepEqual([status, headers['content-type'], headers['x-a'], headers['content-length'], body], [203, 'text/x', 'b', '4', 'äö'])
        equal(headers.etag, undefined)
      },
    ),
    make(
      'bytes are sent as bytes, and a reply without content-type gets none',
      (app) =>
        app.handle('GET', '/', async () => ({ status: 200, headers: {}, body: new Uint8Array([0x78, 0x3c, 0x62, 0x3e]).subarray(1) })),
      async ({ get }) => {
        const { headers, body } = await get('/')
        deepEqual([headers['content-type'], headers['content-length'], body], [undefined, '3', '<b>'])
      },
    ),
    make(
      'a reply without a body has none',
      (app) => {
        app.handle('GET', '/401', async () => ({ status: 401, headers: { 'www-authenticate': 'Bearer' } }))
        app.handle('DELETE', '/204', async () => ({ status: 204, headers: {} }))
      },
      async ({ get, send }) => {
        const refusal = await get('/401')
        deepEqual([refusal.status, refusal.body, refusal.headers['www-authenticate']], [401, '', 'Bearer'])
        const gone = await send({ method: 'DELETE', path: '/204', headers: [] })
        deepEqual([gone.status, gone.body], [204, ''])
      },
    ),
    make(
      'a header with several values is sent several times',
      (app) => app.handle('GET', '/', async () => ({ status: 200, headers: { 'set-cookie': ['a=1', 'b=2'] }, body: 'x' })),
      async ({ get }) => {
        deepEqual((await get('/')).headers['set-cookie'], ['a=1', 'b=2'])
      },
    ),
    make(
      'an endpoint is told method, URL as sent and parameters',
      (app) => app.handle('PUT', '/clients/:id', echo),
      async ({ send }) => {
        const { body } = await send({ method: 'PUT', path: '/clients/a%20b?x=%31', headers: [], body: '' })
        const seen = JSON.parse(body)
        deepEqual([seen.method, seen.url, seen.params], ['PUT', '/clients/a%20b?x=%31', { id: 'a b' }])
      },
    ),
    make(
      'an unread body is a stream, whole and unchanged',
      (app) => app.handle('POST', '/', echo),
      async ({ send }) => {
        const small = JSON.parse((await send({ method: 'POST', path: '/', headers: [form], body: 'a=1&b=%20' })).body)
        deepEqual([small.body, small.streamed], [undefined, { length: 9, start: 'a=1&b=%20' }])
        const large = await send({ method: 'POST', path: '/', headers: [json], body: Buffer.alloc(1_000_000, 'x') })
        equal(JSON.parse(large.body).streamed.length, 1_000_000)
      },
    ),
    make(
      'a body that the host parsed is given parsed, without a stream',
      (app) => app.handle('POST', '/', echo, { parsed: true }),
      async ({ send }) => {
        const fromForm = JSON.parse((await send({ method: 'POST', path: '/', headers: [form], body: 'a=1&b=%20' })).body)
        deepEqual([fromForm.body, fromForm.streamed], [{ a: '1', b: ' ' }, undefined])
        const fromJson = JSON.parse((await send({ method: 'POST', path: '/', headers: [json], body: '{"a":[1]}' })).body)
        deepEqual([fromJson.body, fromJson.streamed], [{ a: [1] }, undefined])
      },
    ),
    make(
      "a body that the host's parsers do not know is still a stream",
      (app) => app.handle('POST', '/', echo, { parsed: true }),
      async ({ send }) => {
        const headers = [['content-type', 'application/jwt']] as const
        const seen = JSON.parse((await send({ method: 'POST', path: '/', headers, body: 'a.b.c' })).body)
        deepEqual(seen.streamed, { length: 5, start: 'a.b.c' })
      },
    ),
    make(
      "an outage that an endpoint throws is 503 with Retry-After, tells nothing of its cause and is not the host's",
      (app) =>
        app.handle('GET', '/', () =>
          Promise.reject(new Unavailable('store_unavailable', { retryAfterSeconds: 7, cause: new Error('redis://secret') })),
        ),
      async ({ get, heard }) => {
        const { status, headers, body } = await get('/')
        deepEqual([status, headers['retry-after'], headers['www-authenticate']], [503, '7', undefined])
        equal(headers['cache-control'], 'no-store')
        ok(!body.includes('secret'))
        deepEqual(heard, [])
      },
    ),
    make(
      'any other throw of an endpoint goes to the error handler of the host, once, and the app lives',
      (app) => {
        app.handle('GET', '/rejects', () => Promise.reject(new Error('rejected')))
        app.handle('GET', '/throws', () => {
          throw new Error('thrown')
        })
        app.handle('GET', '/works', async () => ({ status: 200, headers: {}, body: 'x' }))
      },
      async ({ get, heard }) => {
        for (const path of ['/rejects', '/throws']) {
          const reply = await get(path)
          deepEqual([reply.status, JSON.parse(reply.body)], [500, { error: 'host' }])
        }
        equal((await get('/works')).status, 200)
        deepEqual(
          heard.map((error) => (error as Error).message),
          ['rejected', 'thrown'],
        )
      },
    ),
  ]
}
