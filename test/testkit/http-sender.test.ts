import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { createSender } from '@countersign/testkit'
import { afterEach, describe, expect, it } from 'vitest'
import { listening } from '../contracts/listening.js'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

async function serve(listener: RequestListener): Promise<string> {
  const server = await listening(createServer(listener).listen(0, '127.0.0.1'))
  open.push(server)
  return server.url
}

describe('createSender', () => {
  it('sends header fields exactly as given, twice if given twice', async () => {
    const seen: IncomingMessage[] = []
    const url = await serve((request, response) => {
      seen.push(request)
      response.end()
    })
    await createSender(`${url}/base/`)({
      path: '/x?y=1',
      headers: [
        ['Authorization', 'Bearer a'],
        ['AUTHORIZATION', 'Bearer ü'],
      ],
    })
    expect(seen[0]?.method).toBe('GET')
    expect(seen[0]?.url).toBe('/base/x?y=1')
    expect(seen[0]?.rawHeaders.slice(-4)).toEqual([
      'Authorization',
      'Bearer a',
      'AUTHORIZATION',
      Buffer.from('Bearer ü').toString('latin1'),
    ])
  })

  it('sends what node:http does not let through', async () => {
    const url = await serve((_request, response) => response.end())
    expect((await createSender(url)({ path: '/', headers: [['x', 'a\0b']] })).status).toBe(400)
  })

  it('reads status, headers and a body of known length, in pieces or of none', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/none') return void response.writeHead(204).end()
      response.writeHead(203, { 'x-a': 'b', 'set-cookie': ['a=1', 'b=2'] })
      if (request.url === '/pieces') response.write('ä'.repeat(40_000))
      response.end('ö')
    })
    const send = createSender(url)
    expect(await send({ path: '/', headers: [] })).toMatchObject({
      status: 203,
      body: 'ö',
      headers: { 'x-a': 'b', 'set-cookie': ['a=1', 'b=2'] },
    })
    expect((await send({ path: '/pieces', headers: [] })).body).toBe(`${'ä'.repeat(40_000)}ö`)
    expect(await send({ path: '/none', headers: [] })).toMatchObject({ status: 204, body: '' })
  })

  it('sends a body', async () => {
    const url = await serve((request, response) => void request.pipe(response))
    expect((await createSender(url)({ method: 'POST', path: '/', headers: [], body: 'a=ß' })).body).toBe('a=ß')
  })

  it('rejects when nobody answers, and when the answer takes too long', async () => {
    const url = await serve(() => {})
    await expect(createSender(url, { timeoutSeconds: 0.1 })({ path: '/', headers: [] })).rejects.toThrow('no answer within')
    await expect(createSender('http://127.0.0.1:1')({ path: '/', headers: [] })).rejects.toThrow('ECONNREFUSED')
    expect(() => createSender('ftp://127.0.0.1')).toThrow(TypeError)
  })

  it('rejects what is not HTTP', async () => {
    const server = createTcpServer((socket) => socket.resume().end('hello')).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    await expect(createSender(`http://127.0.0.1:${port}`)({ path: '/', headers: [] })).rejects.toThrow('not HTTP')
    await new Promise((resolve) => server.close(resolve))
  })
})
