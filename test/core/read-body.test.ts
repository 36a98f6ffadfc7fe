import { connect } from 'node:net'
import { PassThrough, Readable } from 'node:stream'
import { jsonReply, readJson, type WireRequest } from '@countersign/core'
import { describe, expect, it } from 'vitest'
import { adapters } from '../contracts/adapters.js'

const json = { 'content-type': 'application/json' }

async function* chunks(...parts: readonly (string | Uint8Array)[]): AsyncIterable<Uint8Array> {
  for (const part of parts) yield Buffer.from(part)
}

async function read(request: Partial<WireRequest>, maxBytes?: number): Promise<unknown> {
  const result = await readJson({ headers: json, ...request }, maxBytes === undefined ? {} : { maxBytes })
  return result.ok ? { ...result.value } : result.status
}

describe('a JSON object is read', () => {
  it('from the stream, whatever its chunks', async () => {
    const bytes = Buffer.from('{"a":"ü"}')
    expect(await read({ stream: chunks(bytes.subarray(0, 7), bytes.subarray(7)) })).toEqual({ a: 'ü' })
  })

  it('as the host has parsed it, or has read it as text or bytes', async () => {
    expect(await read({ body: { a: 1 } })).toEqual({ a: 1 })
    expect(await read({ body: '{"a":1}' })).toEqual({ a: 1 })
    expect(await read({ body: Buffer.from('{"a":1}') })).toEqual({ a: 1 })
  })

  it('of application/json and its relatives only', async () => {
    const types: Readonly<Record<string, unknown>> = {
      'application/json; charset=utf-8': { a: 1 },
      'APPLICATION/JSON': { a: 1 },
      'application/problem+json': { a: 1 },
      'text/json': 415,
      'application/jsonp': 415,
      'application/x-www-form-urlencoded': 415,
      '': 415,
    }
    for (const [type, expected] of Object.entries(types)) {
      for (const body of ['{"a":1}', { a: 1 }]) {
        expect([type, await read({ headers: { 'content-type': type }, body })]).toEqual([type, expected])
      }
    }
    expect(await read({ headers: {}, body: '{"a":1}' })).toBe(415)
  })

  it('with nothing of Object.prototype in it', async () => {
    for (const body of ['{"__proto__":{"admin":true}}', JSON.parse('{"__proto__":{"admin":true}}') as object]) {
      const result = await readJson({ headers: json, body })
      if (!result.ok) throw new Error('refused')
      expect(result.value.admin).toBeUndefined()
      expect(result.value.toString).toBeUndefined()
      expect(Object.keys(result.value)).toEqual(['__proto__'])
    }
  })
})

describe('what is no JSON object is refused', () => {
  it.each(['', ' ', '{', 'null', '[]', '[{}]', '1', '"a"', 'true', '{}{}', "{'a':1}", '{"a":1,}'])('%j', async (text) => {
    expect(await read({ stream: chunks(text) })).toBe(400)
    expect(await read({ body: text })).toBe(400)
  })

  it('bytes that are no UTF-8', async () => {
    expect(await read({ stream: chunks(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])) })).toBe(400)
  })

  it('a parsed list, and no body at all', async () => {
    expect(await read({ body: [] })).toBe(400)
    expect(await read({})).toBe(400)
  })
})

describe('a member that is there twice is refused', () => {
  it.each(['{"a":1,"a":1}', '{"a":1,"\\u0061":2}', '{"x":{"a":1,"b":2,"a":3}}', '{"x":[{"a":1,"a":1}]}', '{"__proto__":1,"__proto__":2}'])(
    '%s',
    async (text) => {
      expect(await read({ stream: chunks(text) })).toBe(400)
      expect(await read({ body: text })).toBe(400)
    },
  )

  it('and what only looks like one is not', async () => {
    const text = String.raw`{"a":"\":\"a\":","b":{"a":1},"c":[{"a":1},{"a":2}]}`
    expect(await read({ body: text })).toEqual(JSON.parse(text))
  })

  it('and nesting without end ends nothing', async () => {
    expect(await read({ body: `{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}` })).toEqual({ a: expect.any(Array) as unknown })
  })
})

it('what is compressed is 415, unless the host has decoded it', async () => {
  const headers = { ...json, 'content-encoding': 'gzip' }
  expect(await read({ headers, stream: chunks('{"a":1}') })).toBe(415)
  expect(await read({ headers: { ...json, 'content-encoding': 'identity' }, stream: chunks('{"a":1}') })).toEqual({ a: 1 })
  for (const body of ['{"a":1}', { a: 1 }]) expect(await read({ headers, body })).toEqual({ a: 1 })
})

describe('what is too large is refused', () => {
  it('read from the stream, without keeping it, and as text', async () => {
    expect(await read({ stream: chunks('{"a":"', 'x'.repeat(100), '"}') }, 64)).toBe(413)
    expect(await read({ body: `{"a":"${'x'.repeat(100)}"}` }, 64)).toBe(413)
    expect(await read({ stream: chunks(`{"a":"${'x'.repeat(56)}"}`) }, 64)).toEqual({ a: 'x'.repeat(56) })
  })
})

it('a client that goes away while it sends is no fault of the program', async () => {
  async function* broken(): AsyncIterable<Uint8Array> {
    yield Buffer.from('{')
    throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' })
  }
  async function* faulty(): AsyncIterable<Uint8Array> {
    yield Buffer.from('{')
    throw new Error('a fault')
  }
  expect(await read({ stream: broken() })).toBe(400)
  await expect(read({ stream: faulty() })).rejects.toThrow('a fault')
})

describe('a stream of Node', () => {
  const readable = (...parts: readonly string[]) => Readable.from(parts.map((part) => Buffer.from(part)))

  it('is read to its end, also if somebody has paused it', async () => {
    expect(await read({ stream: readable('{"a":', '1}') })).toEqual({ a: 1 })
    expect(await read({ stream: readable('{"a":1}').pause() })).toEqual({ a: 1 })
  })

  it('that somebody read before is a fault of the host, one that was destroyed is refused, and nothing waits', async () => {
    // As a request of node:http, which is not destroyed at its end.
    const ended = new PassThrough({ autoDestroy: false })
    ended.end('{}')
    await new Promise((resolve) => ended.resume().once('end', resolve))
    const destroyed = readable('{}').destroy()
    await expect(read({ stream: ended })).rejects.toThrow(/was read before this endpoint/)
    expect(await read({ stream: destroyed })).toBe(400)
  })

  it('that breaks off is refused; one that fails is a fault of ours', async () => {
    const failing = (error: Error | undefined) => {
      const stream = new PassThrough()
      stream.write('{')
      setImmediate(() => stream.destroy(error))
      return stream
    }
    expect(await read({ stream: failing(undefined) })).toBe(400)
    expect(await read({ stream: failing(Object.assign(new Error('aborted'), { code: 'ECONNRESET' })) })).toBe(400)
    await expect(read({ stream: failing(new Error('a fault')) })).rejects.toThrow('a fault')
  })

  it('that fails after too much was sent ends nothing', async () => {
    const stream = new PassThrough()
    stream.write('x'.repeat(100))
    expect(await read({ stream }, 64)).toBe(413)
    stream.destroy(new Error('late'))
    await new Promise((resolve) => stream.once('close', resolve))
  })
})

it('a byte order mark is no part of the text', async () => {
  expect(await read({ stream: chunks('\ufeff{"a":1}') })).toEqual({ a: 1 })
})

/** Sends bytes on one connection and gives what was answered until it is complete, or until the connection ends. */
function exchange(url: string, parts: readonly string[], isComplete: (answer: string) => boolean): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve) => {
    const socket = connect({ host: hostname, port: Number(port) })
    let answer = ''
    const end = (): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.on('data', (bytes: Buffer) => {
      answer += bytes.toString('latin1')
      if (isComplete(answer)) end()
    })
    socket.on('error', end)
    socket.on('close', end)
    for (const part of parts) socket.write(part)
  })
}

describe.each(adapters)('over HTTP on $name', ({ start }) => {
  const post = 'POST /json HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n'
  const statuses = (answer: string): readonly string[] => answer.match(/HTTP\/1\.1 \d+/g) ?? []
  const app = () =>
    start((mount) => {
      mount.handle('POST', '/json', async (request) => {
        const result = await readJson(request, { maxBytes: 1000 })
        return jsonReply(result.ok ? 200 : result.status, {})
      })
    })

  it('who sends too much is told so', async () => {
    const { url, close } = await app()
    const body = `{"a":"${'x'.repeat(50_000)}"}`
    const answer = await exchange(url, [`${post}content-length: ${body.length}\r\n\r\n${body}`], (text) => text.includes('\r\n\r\n'))
    expect(statuses(answer)).toEqual(['HTTP/1.1 413'])
    await close()
  })

  it('also in chunks, and the connection serves the next request', async () => {
    const { url, close } = await app()
    const chunk = `${(500).toString(16)}\r\n${'x'.repeat(500)}\r\n`
    const next = `${post}content-length: 2\r\n\r\n{}`
    const parts = [`${post}transfer-encoding: chunked\r\n\r\n`, ...Array.from({ length: 20 }, () => chunk), '0\r\n\r\n', next]
    const answer = await exchange(url, parts, (text) => statuses(text).length === 2)
    expect(statuses(answer)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 200'])
    await close()
  })

  it('also who sends without end', async () => {
    const { url, close } = await app()
    const chunk = `${(60_000).toString(16)}\r\n${'x'.repeat(60_000)}\r\n`
    const endless = [`${post}transfer-encoding: chunked\r\n\r\n`, ...Array.from({ length: 100 }, () => chunk)]
    const answer = await exchange(url, endless, (text) => text.includes('\r\n\r\n'))
    expect(statuses(answer)).toEqual(['HTTP/1.1 413'])
    await close()
  })
})
