import { healthRoutes, type Readiness } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { createFakeIssuer } from '@countersign/testkit'
import { createGuard, jwks } from '@countersign/verifier'
import { describe, expect, it, onTestFinished } from 'vitest'
import { adapters } from './adapters.js'

type Options = Parameters<typeof healthRoutes>[0]

/** An app with these routes on the first framework, or on the named one. */
async function served(options: Options, adapter = adapters[0]): Promise<(path: string, init?: RequestInit) => Promise<Response>> {
  if (adapter === undefined) throw new Error('no adapter')
  const app = await adapter.start((define) => define.routes(healthRoutes(options)))
  onTestFinished(() => app.close())
  return (path, init) => fetch(`${app.url}${path}`, init)
}

const works = { ready: async (): Promise<Readiness> => ({ ok: true, parts: { redis: { ok: true } } }) }
const secret = 'connect ECONNREFUSED postgres://app:hunter22@db.internal'
const fails = { ready: async (): Promise<Readiness> => ({ ok: false, parts: { postgres: { ok: false, cause: new Error(secret) } } }) }

describe.each(adapters)('health routes on $name', (adapter) => {
  it('are 200 while all is ready', async () => {
    const get = await served({ parts: { stores: works, memory: memoryStores() } }, adapter)
    const [live, ready, head] = [await get('/livez'), await get('/readyz'), await get('/readyz', { method: 'HEAD' })]
    expect([live.status, await live.json()]).toEqual([200, { ok: true }])
    expect([ready.status, await ready.json()]).toEqual([200, { ok: true, parts: expect.objectContaining({ 'stores.redis': 'ready' }) }])
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect(ready.headers.get('cache-control')).toBe('no-store')
    expect(ready.headers.get('retry-after')).toBeNull()
  })

  it('are 503 for what is not ready, with its name and nothing of the cause', async () => {
    const seen: Readiness[] = []
    const get = await served({ parts: { stores: works, accounts: fails }, onNotReady: (one) => void seen.push(one) }, adapter)
    const ready = await get('/readyz')
    const text = await ready.text()
    expect([ready.status, JSON.parse(text)]).toEqual([
      503,
      { ok: false, parts: { 'stores.redis': 'ready', 'accounts.postgres': 'failed' } },
    ])
    expect(ready.headers.get('retry-after')).toBe('5')
    expect(text).not.toMatch(/hunter22|ECONN/)
    expect((await get('/livez')).status).toBe(200)
    expect(seen.map(({ parts }) => parts['accounts.postgres'])).toEqual([{ ok: false, cause: new Error(secret) }])
  })
})

describe('readiness', () => {
  it('is not lost to an outage of a foreign issuer, unless that is required', async () => {
    const issuer = await createFakeIssuer({})
    const url = issuer.jwksUrl
    await issuer.close()
    const guard = createGuard({ issuers: { partner: jwks({ issuer: issuer.issuer, url, algorithms: ['ES256'], audience: 'a' }) } })
    onTestFinished(() => guard.close())
    const lenient = await served({ parts: { guard } })
    const strict = await served({ parts: { guard }, required: { guard: ['partner'] } })
    const [first, second] = [await lenient('/readyz'), await strict('/readyz')]
    expect([first.status, await first.json()]).toEqual([200, { ok: true, parts: { 'guard.partner': 'degraded' } }])
    expect([second.status, await second.json()]).toEqual([503, { ok: false, parts: { 'guard.partner': 'failed' } }])
  })

  it('is asked once for many probes, and again after the cache', async () => {
    const calls = { count: 0 }
    const ready = async (): Promise<void> => {
      calls.count += 1
    }
    const get = await served({ parts: { stores: { ready } }, cacheSeconds: 0.2 })
    await Promise.all(Array.from({ length: 20 }, () => get('/readyz')))
    await get('/livez')
    expect(calls.count).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 250))
    await get('/readyz')
    expect(calls.count).toBe(2)
  })

  it('ends with the time that a part has, and with a part that throws', async () => {
    const hangs = { ready: () => new Promise<void>(() => undefined) }
    const throws = {
      ready: (): Promise<void> => {
        throw new Error('no')
      },
    }
    const get = await served({ parts: { hangs, throws, works }, timeoutSeconds: 0.1 })
    const ready = await get('/readyz')
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { ok: false, parts: { 'hangs.ready': 'failed', 'throws.ready': 'failed', 'works.redis': 'ready' } },
    ])
  })

  it('ends when the process is about to end, without a question to a part', async () => {
    const state = { isStopping: false, calls: 0 }
    const ready = async (): Promise<void> => {
      state.calls += 1
    }
    const get = await served({ parts: { stores: { ready } }, isStopping: () => state.isStopping, cacheSeconds: 0 })
    expect((await get('/readyz')).status).toBe(200)
    state.isStopping = true
    const stopping = await get('/readyz')
    expect([stopping.status, await stopping.json()]).toEqual([503, { ok: false, parts: { process: 'stopping' } }])
    expect([state.calls, (await get('/livez')).status]).toEqual([1, 200])
  })

  it('cannot require a part that is not there', () => {
    expect(() => healthRoutes({ parts: { works }, required: { gaurd: ['partner'] } })).toThrow(
      'healthRoutes: required.gaurd must be the name of a part, got "gaurd"',
    )
  })
})
