import { type Reply, refuse, Unavailable } from '@countersign/core'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { adapters } from './adapters.js'
import { fakeGuard } from './fake-guard.js'

describe.each(adapters)('$name', ({ start }) => {
  const answerOf = async (reply: Reply, method: 'GET' | 'HEAD' = 'GET', headers: Record<string, string> = {}) => {
    const server = await start((app) => app.handle('GET', '/reply', async () => reply))
    const answer = await fetch(`${server.url}/reply`, { method, headers })
    const body = Buffer.from(await answer.arrayBuffer())
    await server.close()
    return { status: answer.status, headers: answer.headers, body }
  }

  it('bytes are sent as they are, also a part of a larger buffer', async () => {
    const answer = await answerOf({ status: 200, headers: {}, body: new Uint8Array([9, 0, 255, 9]).subarray(1, 3) })
    expect(answer.body).toEqual(Buffer.from([0, 255]))
    expect(answer.headers.get('content-length')).toBe('2')
    expect(answer.headers.get('content-type')).toBeNull()
  })

  it('text without a content-type is never taken for HTML', async () => {
    const answer = await answerOf({ status: 200, headers: {}, body: '<script>' })
    expect(answer.headers.get('content-type')).toBeNull()
  })

  it('a reply without a body has none, not the status in words', async () => {
    const answer = await answerOf({ status: 401, headers: { 'www-authenticate': 'Bearer realm="a"' } })
    expect([answer.status, answer.body.length]).toEqual([401, 0])
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="a"')
    expect((await answerOf({ status: 204, headers: {} })).headers.get('content-length')).toBeNull()
  })

  it('every value of a header is sent', async () => {
    const { headers } = await answerOf({ status: 200, headers: { 'set-cookie': ['a=1', 'b=2'] }, body: 'x' })
    expect(headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  })

  it('HEAD has the headers of GET and no body', async () => {
    const { status, headers, body } = await answerOf({ status: 200, headers: { 'x-kind': 'a' }, body: 'äö' }, 'HEAD')
    expect([status, headers.get('x-kind'), headers.get('content-length'), body.length]).toEqual([200, 'a', '4', 0])
  })

  it('the framework adds no validator and answers no 304 of its own', async () => {
    const answer = await answerOf({ status: 200, headers: {}, body: 'x' }, 'GET', { 'if-none-match': '*' })
    expect([answer.status, answer.headers.get('etag')]).toEqual([200, null])
  })

  it('an outage of an endpoint is 503 with Retry-After and is not stored', async () => {
    const server = await start((app) =>
      app.handle('GET', '/reply', () => Promise.reject(new Unavailable('store_unavailable', { retryAfterSeconds: 7, cause: 'secret' }))),
    )
    const answer = await request(server.url).get('/reply').expect(503)
    await server.close()
    expect(answer.headers).toMatchObject({ 'retry-after': '7', 'cache-control': 'no-store' })
    expect(answer.body).toEqual({ error_description: refuse('store_unavailable').description })
    expect(answer.headers['www-authenticate']).toBeUndefined()
  })

  it('a client that goes away while the guard thinks does no harm', async () => {
    const heard: unknown[] = []
    let arrived: () => void = () => {}
    const here = new Promise<void>((resolve) => {
      arrived = resolve
    })
    let finish: () => void = () => {}
    const decided = new Promise<void>((resolve) => {
      finish = resolve
    })
    const reply = { status: 401, headers: {}, body: 'no' }
    const guard = fakeGuard(async () => {
      arrived()
      await decided
      return { ok: false, reason: 'expired', reply }
    })
    const server = await start((app) => {
      app.onError((error) => heard.push(error))
      app.protect('/me', guard, [], () => 'never')
      app.protect('/you', fakeGuard(), [], () => 'still here')
    })
    const abort = new AbortController()
    const gone = fetch(`${server.url}/me`, { signal: abort.signal }).catch((error: Error) => error.name)
    await here
    abort.abort()
    expect(await gone).toBe('AbortError')
    finish()
    await request(server.url).get('/you').expect(200)
    await server.close()
    expect(heard).toEqual([])
  })
})
