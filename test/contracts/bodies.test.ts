import { type Endpoint, jsonReply } from '@countersign/core'
import request from 'supertest'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { adapters } from './adapters.js'

/** Tells what an endpoint got: the body that the host parsed, or what it could read itself. */
const tells: Endpoint = async ({ body, stream }) => {
  const chunks: Uint8Array[] = []
  for await (const chunk of stream ?? []) chunks.push(chunk)
  return jsonReply(200, { parsed: body ?? null, unread: stream ? Buffer.concat(chunks).toString() : null })
}

describe.each(adapters)('$name', ({ start }) => {
  let url = ''
  let close: () => Promise<void>
  beforeAll(async () => {
    const server = await start((app) => {
      app.handle('POST', '/parsed', tells, { parsed: true })
      app.handle('POST', '/raw', tells)
    })
    url = server.url
    close = server.close
  })
  afterAll(() => close())

  const form = 'application/x-www-form-urlencoded'

  it('a form that the host parsed arrives parsed', async () => {
    await request(url)
      .post('/parsed')
      .type(form)
      .send('a=1&b=2')
      .expect(200, { parsed: { a: '1', b: '2' }, unread: null })
  })

  it('JSON that the host parsed arrives parsed, also an empty object', async () => {
    await request(url)
      .post('/parsed')
      .send({ a: [1] })
      .expect(200, { parsed: { a: [1] }, unread: null })
    await request(url).post('/parsed').send({}).expect(200, { parsed: {}, unread: null })
  })

  it('what the parsers of the host do not take is still to be read', async () => {
    await request(url).post('/parsed').type('application/jwt').send('a.b.c').expect(200, { parsed: null, unread: 'a.b.c' })
  })

  it('without a parser the body is to be read', async () => {
    await request(url).post('/raw').type(form).send('a=1').expect(200, { parsed: null, unread: 'a=1' })
    await request(url).post('/raw').expect(200, { parsed: null, unread: '' })
  })
})
