import { type FormOptions, readForm, type WireRequest } from '@countersign/core'
import { describe, expect, it } from 'vitest'

const form = { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' }
const json = { 'content-type': 'application/json' }
const names = ['a', 'b', 'c', '__proto__', 'toString', 'constructor']

async function* chunks(...parts: readonly string[]): AsyncIterable<Uint8Array> {
  for (const part of parts) yield Buffer.from(part)
}

async function read(request: Partial<WireRequest>, options?: FormOptions): Promise<unknown> {
  const result = await readForm({ headers: form, ...request }, options)
  if (!result.ok) return result.status
  return names.map((name) => result.value.all(name)).flatMap((values, at) => (values.length > 0 ? [[names[at], ...values]] : []))
}

const expected = [
  ['a', 'ü & 1'],
  ['b', '2'],
]

describe('a form is read', () => {
  it.each<[string, Partial<WireRequest>]>([
    ['from the stream', { stream: chunks('a=%C3%BC+%26', '+1&b=2&c=') }],
    ['as text', { body: 'a=%c3%bc%20%26%201&b=2&&c' }],
    ['as bytes', { body: Buffer.from('a=ü+%26+1&b=2') }],
    ['parsed into an object', { body: { a: 'ü & 1', b: '2', c: '' } }],
    ['parsed into an object without prototype', { body: Object.assign(Object.create(null), { a: 'ü & 1', b: '2' }) as object }],
    ['parsed into a Map', { body: new Map(Object.entries({ a: 'ü & 1', b: '2', c: '' })) }],
    ['parsed into URLSearchParams', { body: new URLSearchParams({ a: 'ü & 1', b: '2', c: '' }) }],
  ])('%s', async (_name, request) => {
    expect(await read(request)).toEqual(expected)
  })

  it('with names of Object.prototype as names like any other', async () => {
    expect(await read({ body: '__proto__=x&toString=y' })).toEqual([
      ['__proto__', 'x'],
      ['toString', 'y'],
    ])
    expect(await read({ body: 'a=1' })).toEqual([['a', '1']])
    expect(await read({ headers: json, body: '{"__proto__":"x"}' }, { json: true })).toEqual([['__proto__', 'x']])
    expect(await read({ body: JSON.parse('{"__proto__":{"a":"1"}}') as object })).toBe(400)
  })

  it('without the query', async () => {
    expect(await read({ url: '/token?a=1&b=2', body: 'c=3' })).toEqual([['c', '3']])
  })

  it('from JSON only where that is allowed; null is absent', async () => {
    const body = '{"a":"ü & 1","b":"2","c":null}'
    expect(await read({ headers: json, body })).toBe(415)
    expect(await read({ headers: json, body: JSON.parse(body) as object })).toBe(415)
    expect(await read({ headers: json, body }, { json: true })).toEqual(expected)
    expect(await read({ headers: json, stream: chunks(body) }, { json: true })).toEqual(expected)
    expect(await read({ headers: json, body: JSON.parse(body) as object }, { json: true })).toEqual(expected)
    expect(await read({ headers: json, body: new Map(Object.entries(JSON.parse(body) as object)) }, { json: true })).toEqual(expected)
  })
})

describe('a parameter is one text', () => {
  it.each<[string, unknown]>([
    ['repeated', 'a=1&a=1'],
    ['repeated, once empty', 'a=&a=1'],
    ['a list, as a parser gives it', { a: ['1', '2'] }],
    ['an object, as an extended parser gives it', { a: { $gt: '' } }],
    ['an object that is not parsed', 'a[$gt]='],
    ['a number', { a: 1 }],
    ['a list in a list', { a: [['1']] }],
    ['a list of one, as an extended parser makes it of a[]=1', { a: ['1'] }],
    ['a list of one in a Map', new Map([['a', ['1']]])],
    ['a list of none', { a: [] }],
    ['a list of one that is not parsed', 'a[]=1'],
    ['after a byte order mark', '\ufeffa=1'],
    ['after a byte order mark in bytes', Buffer.from('\ufeffa=1')],
    ['repeated in URLSearchParams', new URLSearchParams('a=1&a=2')],
    ['not text in a Map', new Map([['a', { $gt: '' }]])],
    ['badly escaped', 'a=%zz'],
    ['no UTF-8', 'a=%ff'],
    ['no UTF-8 in bytes', Buffer.from([0x61, 0x3d, 0xff])],
    ['in a list as the body', ['a=1']],
  ])('%s: 400', async (_name, body) => {
    expect(await read({ body })).toBe(400)
  })

  it.each([{ a: ['1'] }, { a: [] }, 'a[]=1', 'a[0]=1'])(
    'and has its exact name, also where it may be repeated: %j is 400',
    async (body) => {
      expect(await read({ body }, { repeatable: ['a'] })).toBe(400)
    },
  )

  it('and is there once in JSON, whatever the spelling of its name', async () => {
    for (const body of ['{"a":"1","a":"1"}', '{"a":"1","\\u0061":"2"}', '{"a":null,"a":"1"}']) {
      expect(await read({ headers: json, body }, { json: true })).toBe(400)
    }
  })

  it('unless it may be repeated', async () => {
    const options = { repeatable: ['a'] }
    for (const body of ['a=1&b=x&a=2', { a: ['1', '2'], b: 'x' }, new URLSearchParams('a=1&b=x&a=2')]) {
      expect(await read({ body }, options)).toEqual([
        ['a', '1', '2'],
        ['b', 'x'],
      ])
    }
  })
})

describe('what is no form', () => {
  it('but nothing at all needs no media type', async () => {
    expect(await read({ headers: {} })).toEqual([])
    expect(await read({ headers: { 'content-length': '0' }, body: {} })).toEqual([])
    expect(await read({ headers: { 'content-length': '0', 'content-type': 'text/plain' } })).toBe(415)
  })

  it('is 415 for any other media type', async () => {
    for (const type of ['text/plain', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencodedx', '']) {
      expect(await read({ headers: { 'content-type': type }, body: 'a=1' })).toBe(415)
    }
    expect(await read({ headers: {}, body: { a: '1' } })).toBe(415)
    expect(await read({ headers: { 'transfer-encoding': 'chunked' } })).toBe(415)
    expect(await read({ headers: { 'content-length': '3' } })).toBe(415)
  })

  it('is 415 if it is compressed and nobody has decoded it', async () => {
    for (const coding of ['gzip', 'GZIP', 'br', 'identity, gzip', 'gzip, identity']) {
      const headers = { ...form, 'content-encoding': coding }
      expect(await read({ headers, stream: chunks('a=1') })).toBe(415)
      // The host has read it, and so has decoded it.
      for (const body of ['a=1', Buffer.from('a=1'), { a: '1' }]) expect(await read({ headers, body })).toEqual([['a', '1']])
    }
    for (const coding of ['', 'identity', ' Identity '])
      expect(await read({ headers: { ...form, 'content-encoding': coding }, stream: chunks('a=1') })).toEqual([['a', '1']])
  })

  it('is 413 over 64 KiB, whoever has read it', async () => {
    const long = `a=${'x'.repeat(65_536)}`
    expect(await read({ stream: chunks(long) })).toBe(413)
    expect(await read({ body: long })).toBe(413)
    expect(await read({ headers: { ...form, 'content-length': String(long.length) }, body: { a: long.slice(2) } })).toBe(413)
    expect(await read({ body: `a=${'x'.repeat(65_534)}` })).toEqual([['a', 'x'.repeat(65_534)]])
  })

  it('is 400 with more than 100 parameters, whoever has read it', async () => {
    const named = (count: number) => Array.from({ length: count }, (_, at) => [`n${at}`, 'x'] as const)
    const ways = (count: number): readonly Partial<WireRequest>[] => [
      {
        stream: chunks(
          named(count)
            .map((pair) => pair.join('='))
            .join('&'),
        ),
      },
      {
        body: named(count)
          .map((pair) => pair.join('='))
          .join('&'),
      },
      { body: Object.fromEntries(named(count)) },
      { body: new Map(named(count)) },
      { headers: json, body: JSON.stringify(Object.fromEntries(named(count))) },
      { headers: json, body: Object.fromEntries(named(count)) },
    ]
    for (const request of ways(100)) expect(await read(request, { json: true })).toEqual([])
    for (const request of ways(101)) expect(await read(request, { json: true })).toBe(400)
  })

  it('costs no more with thousands of names than its bytes do', async () => {
    const many = Array.from({ length: 9_000 }, (_, at) => `n${at}`).join('&')
    const one = `a=${'x'.repeat(many.length - 2)}`
    const fastest = { many: Number.POSITIVE_INFINITY, one: Number.POSITIVE_INFINITY }
    for (let round = 0; round < 200; round += 1) {
      for (const [name, body] of [['many', many] as const, ['one', one] as const]) {
        const startedAt = performance.now()
        await read({ body: Buffer.from(body) })
        fastest[name] = Math.min(fastest[name], performance.now() - startedAt)
      }
    }
    expect(fastest.many / fastest.one).toBeLessThan(2)
  })

  it('is 400 without any body, and an empty one has no parameters', async () => {
    expect(await read({})).toBe(400)
    expect(await read({ body: '' })).toEqual([])
  })
})
