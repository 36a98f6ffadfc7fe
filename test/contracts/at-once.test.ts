import { AsyncLocalStorage } from 'node:async_hooks'
import type { Auth, Guard, Requirement } from '@countersign/core'
import { protect as protectExpress } from '@countersign/express'
import { protect as protectKoa } from '@countersign/koa'
import { requireClaims, requireScopes } from '@countersign/verifier'
import Koa from 'koa'
import request from 'supertest'
import { describe, expect, it } from 'vitest'
import { startGuard, tokenOf } from '../verifier/guard-setup.js'

type Next = (error?: unknown) => unknown
type Requirements = readonly Requirement<Auth, object>[]

async function sentRequest(): Promise<object> {
  const authorization = `Bearer ${await tokenOf()}`
  return { method: 'GET', originalUrl: '/', headers: { authorization }, rawHeaders: ['authorization', authorization], req: {}, request: {} }
}

/** The mounts as a framework calls them: what comes of one is thrown, or a promise. */
const mounts = [
  {
    name: 'express',
    call: (guard: Guard, requirements: Requirements, sent: object, next: Next): unknown =>
      protectExpress(guard, ...requirements)(sent as never, {} as never, next),
  },
  {
    name: 'koa',
    call: (guard: Guard, requirements: Requirements, sent: object, next: Next): unknown =>
      protectKoa(guard, ...requirements)({ ...sent, req: sent } as never, async () => next()),
  },
]

describe.each(mounts)('protect of $name', ({ call }) => {
  it('calls the next handler in the same turn when nothing waits, and later when a requirement waits', async () => {
    const { guard } = startGuard()
    const sent = await sentRequest()
    let calls = 0
    const next = (): number => ++calls
    call(guard, [requireScopes('read')], sent, next)
    expect(calls).toBe(1)
    call(guard, [requireScopes('read'), requireClaims(async () => true), requireScopes('write')], sent, next)
    expect(calls).toBe(1)
    await expect.poll(() => calls).toBe(2)
  })

  it('calls next once when it throws, at once and later, and hands the error on to no one', async () => {
    const { guard } = startGuard()
    const sent = await sentRequest()
    const heard: unknown[] = []
    const next = (error?: unknown): never => {
      heard.push(error)
      throw new Error('of a later handler')
    }
    const atOnce = async (): Promise<unknown> => call(guard, [], sent, next)
    await expect(atOnce()).rejects.toThrow('of a later handler')
    expect(heard).toEqual([undefined])
  })

  it('keeps what AsyncLocalStorage holds, whether something waits or not', async () => {
    const { guard } = startGuard()
    const sent = await sentRequest()
    const storage = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    for (const requirements of [[], [requireClaims(async () => true)]]) {
      await storage.run(`${requirements.length} that wait`, async () =>
        call(guard, requirements, sent, () => seen.push(storage.getStore())),
      )
    }
    await expect.poll(() => seen).toEqual(['0 that wait', '1 that wait'])
  })

  const replacing: readonly [string, (guard: Guard, check: Guard['check']) => Guard][] = [
    ['a copy with another check', (guard, check) => ({ ...guard, check })],
    ['a check that was replaced', (guard, check) => Object.assign(guard, { check })],
    ['a check with the members of the first', (guard, check) => ({ ...guard, check: withMembersOf(guard.check, check) })],
    [
      'a proxy of the check',
      (guard, check) => ({ ...guard, check: new Proxy(guard.check, { apply: (_, __, args) => check(...(args as [never])) }) }),
    ],
  ]
  const withMembersOf = (from: object, to: Guard['check']): Guard['check'] =>
    Object.defineProperties(to, Object.getOwnPropertyDescriptors(from))

  it.each(replacing)('asks %s, and not the guard that it began with', async (_, replace) => {
    const { guard } = startGuard()
    const sent = await sentRequest()
    const asked: unknown[] = []
    const check: Guard['check'] = async (one) => {
      asked.push(one)
      throw new Error('of the other check')
    }
    const nexts: unknown[] = []
    const called = async (): Promise<unknown> => call(replace(guard, check), [], sent, (error) => nexts.push(error))
    await called().catch((error: unknown) => nexts.push(error))
    await expect.poll(() => nexts).toHaveLength(1)
    expect(asked).toHaveLength(1)
    // The error of the check, and no admission.
    expect(nexts).toEqual([expect.objectContaining({ message: 'of the other check' })])
  })
})

describe('what stays as it was', () => {
  it('check is a promise for its callers, also of what it throws', async () => {
    const { guard } = startGuard()
    const [good, bad] = [guard.check((await sentRequest()) as never), guard.check(null as never)]
    expect([good, bad].map((one) => one instanceof Promise)).toEqual([true, true])
    expect(await good).toMatchObject({ ok: true })
    await expect(bad).rejects.toThrow(TypeError)
  })

  it('await next() of Koa waits for what is behind the guard, and sees its errors', async () => {
    const { guard } = startGuard()
    const order: string[] = []
    const app = new Koa()
    app.silent = true
    app.use(async (_, next) => {
      await next().catch((error: Error) => order.push(error.message))
      order.push('after')
    })
    app.use(protectKoa(guard))
    app.use(async (ctx, next) => {
      await new Promise((resolve) => setImmediate(resolve))
      order.push('behind')
      await next()
      ctx.body = 'done'
      throw new Error('failed')
    })
    await request(app.callback())
      .get('/')
      .set('authorization', `Bearer ${await tokenOf()}`)
    expect(order).toEqual(['behind', 'failed', 'after'])
  })
})
