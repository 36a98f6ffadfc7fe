import { describe, expect, it } from 'vitest'
import { ofKey, startsAt, startTrial } from './view-setup.js'

const strong = { consistency: 'strong' } as const

describe("consistency: 'strong'", () => {
  it('knows with the next request, without push and poll', async () => {
    const { store, ask } = await startTrial({ ...strong, pollSeconds: 4 })
    store.pushes = false
    expect(await ask({ kid: 'k' })).toBe('pass')
    await store.revoke(ofKey('k'))
    expect(await ask({ kid: 'k' })).toBe('revoked_key')
  })

  it('never answers by a reading that began before the request', async () => {
    const { store, ask } = await startTrial({ ...strong, pollSeconds: 4 })
    store.pushes = false
    const letGo = store.hold('cursor')
    const early = ask({ kid: 'k' })
    await store.revoke(ofKey('k'))
    const late = ask({ kid: 'k' })
    await letGo()
    expect([await early, await late]).toEqual(['pass', 'revoked_key'])
  })

  it('asks the store once for all requests that wait', async () => {
    const { store, ask } = await startTrial({ ...strong, pollSeconds: 4 })
    const before = store.calls.cursor
    expect(new Set(await Promise.all(Array.from({ length: 1_000 }, () => ask())))).toEqual(new Set(['pass']))
    expect(store.calls.cursor - before).toBeLessThanOrEqual(2)
  })

  it.each(['down', 'hangs'] as const)('is 503 at once while the store is %s, whatever onStale says', async (outage) => {
    for (const onStale of ['refuse', 'allow', { allowTokenLifetimeUnderSeconds: 1e6 }] as const) {
      const { store, view, ask, pass } = await startTrial({ ...strong, onStale, issuers: { main: 'allow' } })
      await view.revoke(ofKey('k'))
      store.behaviour = outage
      expect(await ask({ kid: 'k' })).toBe('revoked_key')
      const first = ask()
      await pass(1.5)
      expect([await first, await ask({ kid: 'k' })]).toEqual(['503 revocation_unavailable 1', 'revoked_key'])
      await pass(60)
      const before = performance.now()
      expect(await ask()).toBe('503 revocation_unavailable 1')
      expect(performance.now()).toBe(before)
      store.behaviour = 'well'
      await pass(2.6)
      expect(await ask()).toBe('pass')
    }
  })

  it('waits for no more than one outage, though two readings would have been needed', async () => {
    const { store, ask, pass } = await startTrial({ ...strong, pollSeconds: 4 })
    store.behaviour = 'hangs'
    const asked = [ask(), ask()]
    await pass(1.5)
    expect(await Promise.all(asked)).toEqual(['503 revocation_unavailable 4', '503 revocation_unavailable 4'])
  })

  it('refuses what was issued before the memory of the store, though the process knows more', async () => {
    const { store, view, ask, pass } = await startTrial(strong)
    await view.revoke(ofKey('k'))
    await pass(60)
    expect(await ask({ issuedAt: startsAt + 30 })).toBe('pass')
    store.lose()
    expect([await ask({ issuedAt: startsAt + 30 }), await ask({ issuedAt: startsAt + 60 })]).toEqual(['unprovable', 'pass'])
    expect(await ask({ kid: 'k', issuedAt: startsAt + 60 })).toBe('revoked_key')
  })

  it("passes the past with onUnknownPast: 'allow'", async () => {
    const { ask } = await startTrial({ ...strong, onUnknownPast: 'allow' })
    expect(await ask({ issuedAt: 0 })).toBe('pass')
  })
})
