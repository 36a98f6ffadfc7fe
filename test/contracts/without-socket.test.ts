import { EventEmitter } from 'node:events'
import type { Endpoint, WireRequest } from '@countersign/core'
import { jsonReply, readForm } from '@countersign/core'
import * as onExpress from '@countersign/express'
import * as onKoa from '@countersign/koa'
import express from 'express'
import express4 from 'express4'
import Koa from 'koa'
import Koa2 from 'koa2'
import { describe, expect, it } from 'vitest'
import { fakeAuth, fakeGuard } from './fake-guard.js'

const endpoint: Endpoint = async (asked) => {
  const form = await readForm(asked)
  return jsonReply(200, { ip: asked.ip ?? null, value: form.ok ? (form.value.get('a') ?? null) : form.status })
}

/** A response that keeps what it is told, as mocks do. */
function mockResponse() {
  const told = { headers: new Map<string, unknown>(), body: '' }
  let finish: () => void = () => {}
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  return Object.assign(new EventEmitter(), {
    told,
    finished,
    statusCode: 200,
    headersSent: false,
    setHeader: (name: string, value: unknown) => void told.headers.set(name.toLowerCase(), value),
    end(body?: string) {
      told.body = String(body ?? '')
      finish()
    },
  })
}

const form = { 'content-type': 'application/x-www-form-urlencoded', 'content-length': '3' }
const fieldsOf = { method: 'POST', url: '/', originalUrl: '/', path: '/', headers: form }

/** Under the prototype of a framework, whose getters find no socket either. */
function under(prototype: object, members: object): object {
  return Object.create(prototype, Object.getOwnPropertyDescriptors({ ...fieldsOf, ...members }))
}

/** Requests without a socket: the plain object of a mock, and a framework's. */
const requests: readonly [string, object][] = [
  ['a plain object', { ...fieldsOf }],
  ['one with an address', { ...fieldsOf, ip: '192.0.2.7' }],
  ['a request of Express 5', under(express.request, { app: express() })],
  ['a request of Express 4', under(express4.request as object, { app: express4() })],
]

describe.each(requests)('on Express, %s', (_name, plain) => {
  const req = (body: unknown): onExpress.ExpressRequest => {
    const copy = Object.create(Object.getPrototypeOf(plain) as object, Object.getOwnPropertyDescriptors(plain)) as onExpress.ExpressRequest
    return Object.assign(copy, { body })
  }
  const address = 'ip' in Object.getOwnPropertyDescriptors(plain) ? '192.0.2.7' : null

  it('without a socket is answered by handle and routes', async () => {
    const mounts = [onExpress.handle(endpoint), onExpress.routes([{ method: 'POST', path: '/', endpoint }])]
    for (const mount of mounts) {
      const res = mockResponse()
      mount(req({ a: '1' }), res as never, (error) => {
        throw error
      })
      await res.finished
      expect([res.statusCode, JSON.parse(res.told.body)]).toEqual([200, { ip: address, value: '1' }])
    }
  })

  it('without a socket is admitted by protect', async () => {
    const seen: WireRequest[] = []
    const guard = fakeGuard((asked) => {
      seen.push(asked)
      return { ok: true, auth: fakeAuth, anonymous: false }
    })
    const asked = req(undefined)
    await new Promise<void>((resolve, reject) => {
      onExpress.protect(guard)(asked, mockResponse() as never, (error) => (error === undefined ? resolve() : reject(error)))
    })
    expect(onExpress.authOf(guard, asked)).toBe(fakeAuth)
    expect(seen[0]?.ip ?? null).toBe(address)
  })
})

describe.each([
  ['Koa 3', () => new Koa()],
  ['Koa 2', () => new Koa2() as unknown as Koa],
])('on %s, a request', (_name, create) => {
  const contextOf = (body: unknown): Koa.Context => {
    const res = mockResponse()
    const ctx = create().createContext({ ...fieldsOf } as never, res as never)
    Object.assign(ctx.request, { body })
    return Object.defineProperties(ctx, {
      set: { value: () => undefined },
      remove: { value: () => undefined },
      status: { value: 0, writable: true },
      body: { value: undefined, writable: true },
    }) as Koa.Context
  }

  it('without a socket is answered by handle and admitted by protect', async () => {
    const ctx = contextOf({ a: '1' })
    await onKoa.handle(endpoint)(ctx, async () => undefined)
    expect(JSON.parse(String(ctx.body))).toEqual({ ip: null, value: '1' })
    const guard = fakeGuard()
    const other = contextOf(undefined)
    await onKoa.protect(guard)(other, async () => undefined)
    expect(onKoa.authOf(guard, other)).toBe(fakeAuth)
  })
})
