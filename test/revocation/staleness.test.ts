import { describe, expect, it } from 'vitest'
import type { StoreBehaviour } from './scripted-store.js'
import { issuer, ofKey, revocationEvents, startsAt, startTrial, verdictOf } from './view-setup.js'

const outages: readonly StoreBehaviour[] = ['down', 'hangs']
const unavailable = '503 revocation_unavailable 1'

describe.each(outages)('a view older than it may be, of a store that is %s', (outage) => {
  it("'refuse' is 503 with Retry-After, not before maxStalenessSeconds", async () => {
    const { store, ask, pass } = await startTrial({ onStale: 'refuse' })
    store.behaviour = outage
    await pass(4.5)
    expect(await ask()).toBe('pass')
    await pass(2)
    expect(await ask()).toBe(unavailable)
  })

  it("'allow' passes, and raises the alarm once", async () => {
    const events = revocationEvents()
    const { store, ask, pass } = await startTrial({ onStale: 'allow' })
    store.behaviour = outage
    await pass(4.5)
    expect([await ask(), ...events]).toEqual(['pass'])
    await pass(3600)
    expect([await ask(), await ask()]).toEqual(['pass', 'pass'])
    expect(events).toEqual(['stale'])
  })

  it('allowTokenLifetimeUnderSeconds passes tokens of a shorter life', async () => {
    const { store, ask, pass } = await startTrial({ onStale: { allowTokenLifetimeUnderSeconds: 300 } })
    store.behaviour = outage
    await pass(10)
    const lifeOf = (seconds: number) => ({ issuedAt: startsAt, expiresAt: startsAt + seconds })
    expect([await ask(lifeOf(299.5)), await ask(lifeOf(300)), await ask(lifeOf(3600))]).toEqual(['pass', unavailable, unavailable])
    expect([await ask({ issuedAt: undefined }), await ask({ expiresAt: undefined })]).toEqual([unavailable, unavailable])
  })

  it('each issuer may have another choice, by the name of its entry', async () => {
    const issuers = { partner: 'allow', short: { allowTokenLifetimeUnderSeconds: 600 } } as const
    const { store, ask, pass } = await startTrial({ onStale: 'refuse', issuers })
    store.behaviour = outage
    await pass(10)
    const verdicts = ['partner', 'short', 'other', 'constructor', '__proto__', undefined].map((via) => ask({ via }))
    expect(await Promise.all(verdicts)).toEqual(['pass', 'pass', unavailable, unavailable, unavailable, unavailable])
  })

  it('or by its iss, which counts where there is no entry, too; the name of the entry comes first', async () => {
    const issuers = { [issuer]: 'allow', strict: 'refuse' } as const
    const { store, ask, pass } = await startTrial({ onStale: 'refuse', issuers })
    store.behaviour = outage
    await pass(10)
    const verdicts = [{ via: undefined }, { via: 'partner' }, { via: 'strict' }, { issuer: 'https://other.test' }].map(ask)
    expect(await Promise.all(verdicts)).toEqual(['pass', 'pass', unavailable, unavailable])
  })

  it('refuses what it knows to be revoked, whatever the choice', async () => {
    for (const onStale of ['allow', 'refuse', { allowTokenLifetimeUnderSeconds: 1e9 }] as const) {
      const { store, view, ask, pass } = await startTrial({ onStale })
      await view.revoke(ofKey('k'))
      store.behaviour = outage
      await pass(3600)
      expect(await ask({ kid: 'k' })).toBe('revoked_key')
      expect(await ask({ kid: 'k', issuedAt: undefined })).toBe('revoked_key')
    }
  })

  it('recovers by itself within a second and tells so, though nobody asks', async () => {
    const events = revocationEvents()
    const { store, ask, pass } = await startTrial({ onStale: 'refuse' })
    store.behaviour = outage
    await pass(3600)
    expect(await ask()).toBe(unavailable)
    store.behaviour = 'well'
    store.pushes = false
    await store.revoke(ofKey('meanwhile'))
    // one that hangs is still waited for
    await pass(2.6)
    expect(events).toEqual(['stale', 'revoked signing_key', 'recovered'])
    expect([await ask({ kid: 'meanwhile' }), await ask()]).toEqual(['revoked_key', 'pass'])
  })

  it('is told of by ready(), which does not wait for ever', async () => {
    const { store, open, pass } = await startTrial()
    store.behaviour = outage
    const view = open()
    const ready = view.ready()
    await pass(2)
    expect(await ready).toMatchObject({ ok: false, parts: { revocations: { ok: false, cause: expect.any(Error) } } })
    store.behaviour = 'well'
    await pass(3)
    expect(await view.ready()).toEqual({ ok: true, parts: { revocations: { ok: true } } })
  })

  it('is what a process has that started in the outage', async () => {
    const { store, open, pass } = await startTrial()
    await store.revoke(ofKey('k'))
    store.behaviour = outage
    const [refusing, allowing] = [open({ onStale: 'refuse' }), open({ onStale: 'allow' })]
    const verdicts = [verdictOf(refusing), verdictOf(allowing, { kid: 'k' })]
    await pass(2)
    expect(await Promise.all(verdicts)).toEqual([unavailable, 'pass'])
    store.behaviour = 'well'
    await pass(3)
    expect([await verdictOf(refusing), await verdictOf(allowing, { kid: 'k' })]).toEqual(['pass', 'revoked_key'])
  })
})

it('an outage that lasts costs a request no time', async () => {
  const { store, ask, pass } = await startTrial()
  store.behaviour = 'hangs'
  await pass(60)
  for (let n = 0; n < 50; n += 1) {
    const before = performance.now()
    expect(await ask()).toBe(unavailable)
    expect(performance.now()).toBe(before)
    await pass(0.37)
  }
})

it('an outage asks the store about once a second, however many requests there are', async () => {
  const { store, ask, pass } = await startTrial()
  store.behaviour = 'down'
  await pass(10)
  const before = store.calls.cursor
  for (let n = 0; n < 100; n += 1) {
    await Promise.all(Array.from({ length: 20 }, () => ask()))
    await pass(0.1)
  }
  expect(store.calls.cursor - before).toBeLessThanOrEqual(13)
})

it('one failed reading is no outage', async () => {
  const events = revocationEvents()
  const { store, ask, pass } = await startTrial({ maxStalenessSeconds: 2 })
  for (let n = 0; n < 10; n += 1) {
    store.behaviour = 'down'
    await pass(1)
    store.behaviour = 'well'
    await pass(0.5)
    expect(await ask()).toBe('pass')
  }
  expect(events).toEqual([])
})

it('Retry-After is how often the store is asked', async () => {
  const { store, ask, pass } = await startTrial({ pollSeconds: 7, maxStalenessSeconds: 20 })
  store.behaviour = 'down'
  await pass(30)
  expect(await ask()).toBe('503 revocation_unavailable 7')
})

it('a large denylist that takes longer to read than one reading may is read all the same', async () => {
  const { store, open, pass } = await startTrial()
  await store.revoke(ofKey('k'))
  const { since } = store
  Object.assign(store, {
    since: async (cursor: string | undefined) => {
      const delta = await since(cursor)
      await new Promise((resolve) => setTimeout(resolve, 4_000))
      return delta
    },
  })
  const view = open()
  await pass(8)
  expect([await verdictOf(view, { kid: 'k' }), await verdictOf(view)]).toEqual(['revoked_key', 'pass'])
})
