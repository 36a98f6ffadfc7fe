import { inspect } from 'node:util'
import type { WireRequest } from '@countersign/core'
import { optional, requireScopes } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { bearer, startGuard, tokenOf } from './guard-setup.js'

const nothing = (): WireRequest => ({ method: 'GET', url: '/', headers: {} })

describe('authOf', () => {
  it('gives what the guard admitted the request with, the same object every time', async () => {
    const { guard } = startGuard()
    const request = bearer(await tokenOf())
    const admission = await guard.check(request)
    expect(admission.ok && admission.auth).toBe(guard.authOf(request))
    expect(guard.optionalAuthOf(request)).toBe(guard.authOf(request))
    expect(guard.authOf(request)).toMatchObject({ via: 'main', subject: 'user-1' })
  })

  it("looks up the host's request where there is one, and no copy of it", async () => {
    const { guard } = startGuard()
    const host = {}
    const request = { ...bearer(await tokenOf()), frameworkRequest: host }
    await guard.check(request)
    expect(guard.authOf(host)).toMatchObject({ via: 'main' })
    for (const other of [request, { ...host }]) expect(() => guard.authOf(other)).toThrow(/did not admit/)
  })

  it('takes a request of the framework that is no object for none, and looks at no member `host`, which Express has', async () => {
    const { guard } = startGuard()
    for (const host of ['api.test', null, 7]) {
      const request = { ...bearer(await tokenOf()), frameworkRequest: host, host: {} } as unknown as WireRequest
      expect(await guard.check(request)).toMatchObject({ ok: true })
      expect(guard.authOf(request)).toMatchObject({ via: 'main' })
    }
  })

  it('throws for a request that was never judged, that was refused, or that another guard admitted', async () => {
    const { guard } = startGuard()
    const other = startGuard()
    const refused = nothing()
    await guard.check(refused)
    const elsewhere = bearer(await tokenOf())
    await other.guard.check(elsewhere)
    for (const request of [nothing(), refused, elsewhere]) {
      expect(() => guard.authOf(request)).toThrow(/did not admit/)
      expect(() => guard.optionalAuthOf(request)).toThrow(/did not admit/)
    }
    expect(other.guard.authOf(elsewhere)).toMatchObject({ via: 'main' })
  })

  it('throws for an anonymous request, which optionalAuthOf takes', async () => {
    const { guard } = startGuard()
    const request = nothing()
    expect(await guard.check(request, optional())).toEqual({ ok: true, auth: undefined, anonymous: true })
    expect(() => guard.authOf(request)).toThrow(/without credentials/)
    expect(guard.optionalAuthOf(request)).toBeUndefined()
  })

  it('throws after a later refusal, also while the later check is not done and when it fails', async () => {
    const { guard } = startGuard()
    const request = bearer(await tokenOf())
    await guard.check(request)
    await guard.check(request, requireScopes('other'))
    expect(() => guard.authOf(request)).toThrow(/did not admit/)
    await guard.check(request)
    const open = guard.check(request, () => new Promise(() => undefined))
    expect(() => guard.authOf(request)).toThrow(/did not admit/)
    expect(open).toBeInstanceOf(Promise)
    await guard.check(request)
    await expect(guard.check(request, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
    expect(() => guard.authOf(request)).toThrow(/did not admit/)
  })

  it('follows the check that began last, however long an earlier one takes', async () => {
    const { guard } = startGuard()
    const request = bearer(await tokenOf())
    let finish = (): void => undefined
    const slow = guard.check(request, () => new Promise<undefined>((resolve) => (finish = () => resolve(undefined))))
    await new Promise((resolve) => setImmediate(resolve))
    await guard.check(request, requireScopes('other'))
    finish()
    expect(await slow).toMatchObject({ ok: true })
    expect(() => guard.authOf(request)).toThrow(/did not admit/)
  })

  it('shares nothing between two requests with one token but what the token says', async () => {
    const { guard } = startGuard()
    const token = await tokenOf()
    const [first, second] = [bearer(token), bearer(token)]
    await guard.check(first)
    expect(() => guard.authOf(second)).toThrow(/did not admit/)
  })

  it('is about the very object: an heir, a proxy and a copy with all descriptors were not admitted', async () => {
    const { guard } = startGuard()
    const request = bearer(await tokenOf())
    await guard.check(request)
    const copy: unknown = Object.defineProperties({}, Object.getOwnPropertyDescriptors(request))
    const others = [Object.create(request), new Proxy(request, {}), copy, structuredClone(request)] as readonly object[]
    for (const other of others) expect(() => guard.authOf(other)).toThrow(/did not admit/)
    expect(guard.authOf(request)).toMatchObject({ via: 'main' })
  })

  it.each([Object.freeze, Object.seal, Object.preventExtensions])(
    'follows the last check of a request that %o has closed',
    async (close) => {
      const { guard } = startGuard()
      const closedLater = bearer(await tokenOf())
      await guard.check(closedLater)
      for (const request of [close(closedLater), close(bearer(await tokenOf()))]) {
        await guard.check(request)
        expect(guard.authOf(request)).toMatchObject({ via: 'main' })
        await guard.check(request, requireScopes('other'))
        expect(() => guard.authOf(request)).toThrow(/did not admit/)
      }
    },
  )

  it('tells two guards of one request apart', async () => {
    const [first, second] = [startGuard().guard, startGuard().guard]
    const request = bearer(await tokenOf())
    await first.check(request)
    await second.check(request, requireScopes('other'))
    expect(first.authOf(request)).toMatchObject({ via: 'main' })
    expect(() => second.authOf(request)).toThrow(/did not admit/)
    await second.check(request)
    await first.check(request, requireScopes('other'))
    expect(second.authOf(request)).toMatchObject({ via: 'main' })
    expect(() => first.authOf(request)).toThrow(/did not admit/)
  })

  it('touches nothing that has a name, and tells a log nothing of the token', async () => {
    const { guard } = startGuard()
    const closed = Object.freeze(bearer(await tokenOf()))
    const open = bearer(await tokenOf())
    for (const request of [closed, open]) expect(await guard.check(request)).toMatchObject({ ok: true })
    for (const request of [closed, open]) {
      expect(Object.keys(request)).toEqual(['method', 'url', 'headers', 'rawHeaders'])
      expect(JSON.parse(JSON.stringify(request))).toEqual(bearer(String(request.headers.authorization).slice('Bearer '.length)))
      expect(inspect({ ...request, headers: {}, rawHeaders: [] }, { depth: 9, showHidden: true })).not.toContain('sub')
    }
  })
})
