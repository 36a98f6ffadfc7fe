import { randomBytes } from 'node:crypto'
import { type AuditEvent, type AuditStore, onEvent, Unavailable } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { type AuditToOptions, auditTo, clientCredentials, refreshToken } from '@countersign/grants'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { basic, claimsOf, setup } from './endpoint-setup.js'
import { onEveryStore } from './on-every-store.js'

const refresh = refreshToken({ secrets: { current: { id: 'r', secret: randomBytes(32) } } })

/** An endpoint whose audit goes to a store. */
async function start(store: AuditStore, options: AuditToOptions = {}) {
  const audit = auditTo(store, options)
  const suite = setup({ audit, grants: [clientCredentials(), refresh] })
  const client = await suite.register({ refresh: { policy: 'rotating', retryWindowSeconds: 0 } })
  const headers = basic(client.id, client.secret)
  const signIn = () => suite.ask({ grant_type: 'client_credentials' }, headers)
  return { client, signIn, audit, refreshed: (token: string) => suite.ask({ grant_type: 'refresh_token', refresh_token: token }, headers) }
}

/** A store that can be away; with `loses` it carries a call out and its answer is lost. */
function away(store: AuditStore): { store: AuditStore; state: { how: 'there' | 'away' | 'loses' } } {
  const state: { how: 'there' | 'away' | 'loses' } = { how: 'there' }
  const append: AuditStore['append'] = async (...args) => {
    if (state.how === 'away') throw new Unavailable('store_unavailable')
    const answer = await store.append(...args)
    if (state.how === 'loses') throw new Unavailable('store_unavailable')
    return answer
  }
  return { store: { ...store, append }, state }
}

function heard(): AuditEvent[] {
  const events: AuditEvent[] = []
  onTestFinished(onEvent('countersign:audit', (event) => void events.push(event)))
  return events
}

describe('an audit in a store', () => {
  onEveryStore((open) => {
    it.each(['issue', 'refuse'] as const)('has an entry for each token: %s', async (onOutage) => {
      const store = open().audit
      const { client, signIn, refreshed, audit } = await start(store, { onOutage })
      const first = await signIn()
      // nobody waits for an entry, so two of them can change places
      await audit.flush()
      const second = await refreshed(first.body.refresh_token)
      await audit.flush()
      const [one, two] = [first, second].map(({ body }) => claimsOf(body.access_token).jti)
      const family = first.body.refresh_token.split('.')[2]
      const { items } = await store.page({ clientId: client.id })
      expect(items).toMatchObject([
        { event: 'countersign:token', clientId: client.id, subject: client.id, detail: { grant: 'client_credentials', jti: one } },
        { event: 'countersign:token', clientId: client.id, subject: client.id, detail: { grant: 'refresh_token', jti: two, family } },
      ])
    })
  })

  it('holds no token up while the store is away, and has each entry once when it is back', async () => {
    const { audit: inner } = memoryStores()
    const { store, state } = away(inner)
    const events = heard()
    const { signIn, audit } = await start(store)
    for (const how of ['away', 'loses'] as const) {
      state.how = how
      for (let n = 0; n < 20; n += 1) expect((await signIn()).status).toBe(200)
    }
    await new Promise((resolve) => setTimeout(resolve, 600))
    state.how = 'there'
    await audit.flush()
    const { items } = await inner.page()
    expect(items).toHaveLength(40)
    expect(new Set(items.map(({ detail }) => detail?.jti)).size).toBe(40)
    expect(events).toEqual([])
  })

  it('that refuses lets no token out while the store is away', async () => {
    const { audit: inner } = memoryStores()
    const { store, state } = away(inner)
    const { signIn } = await start(store, { onOutage: 'refuse' })
    state.how = 'away'
    const { status, headers, body } = await signIn()
    expect([status, headers['retry-after'], body.access_token]).toEqual([503, '1', undefined])
    state.how = 'there'
    expect((await signIn()).status).toBe(200)
    expect((await inner.page()).items).toHaveLength(1)
  })

  it('says how many entries were lost in a long outage, also where nobody listens', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearInterval', 'performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const { store, state } = away(memoryStores().audit)
    const audit = auditTo(store)
    state.how = 'away'
    const lose = async (entries: number): Promise<void> => {
      for (let n = 0; n < entries; n += 1) await audit.write({ clientId: `${n}` })
      await vi.advanceTimersByTimeAsync(40_000)
      await audit.flush()
      await new Promise((resolve) => setImmediate(resolve))
    }
    const warned = new Promise((resolve) => process.once('warning', resolve))
    await lose(3)
    expect(await warned).toMatchObject({
      name: 'CountersignAuditWarning',
      message: expect.stringMatching(/^\d entries of the audit were lost$/),
    })
    const events = heard()
    await lose(25)
    expect(events.every(({ outcome, cause }) => outcome === 'lost' && cause instanceof Unavailable)).toBe(true)
    expect(events.reduce((sum, { count }) => sum + count, 0)).toBe(25)
  })

  it('says how many entries went before their time', async () => {
    const { audit: store } = memoryStores({ auditEntries: 5 })
    const events = heard()
    const { signIn, audit } = await start(store)
    for (let n = 0; n < 8; n += 1) await signIn()
    await audit.flush()
    expect((await store.page()).items).toHaveLength(5)
    expect(events).toEqual(Array(3).fill({ outcome: 'dropped', count: 1 }))
  })

  it('that is wrong is a TypeError', () => {
    const { audit: store } = memoryStores()
    for (const options of [{ onOutage: 'wait' }, { entryLifetimeSeconds: 0 }, { keepFor: 1 }])
      expect(() => auditTo(store, options as never)).toThrow(TypeError)
    for (const wrong of [undefined, {}]) expect(() => auditTo(wrong as never)).toThrow(TypeError)
  })
})
