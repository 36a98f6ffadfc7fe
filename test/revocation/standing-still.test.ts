import { describe, expect, it } from 'vitest'
import { ofKey, startTrial } from './view-setup.js'

const hour = 3600
const choices = ['refuse', 'allow', { allowTokenLifetimeUnderSeconds: 1e6 }] as const

describe.each(choices)('a process that stood still, with onStale %j', (onStale) => {
  it('reads what it missed before it judges the first request', async () => {
    const { store, ask, setClock } = await startTrial({ onStale })
    store.pushes = false
    await store.revoke(ofKey('k'))
    setClock(hour)
    expect([await ask({ kid: 'k' }), await ask()]).toEqual(['revoked_key', 'pass'])
  })

  it('does not believe a reading from before', async () => {
    const { store, ask, pass, setClock } = await startTrial({ onStale })
    store.pushes = false
    const letGo = store.hold('cursor')
    await pass(1)
    // the poll has its answer, which is on its way while the process stands still
    await store.revoke(ofKey('k'))
    setClock(hour)
    const asked = ask({ kid: 'k' })
    await letGo()
    expect(await asked).toBe('revoked_key')
  })

  it('does not take what its own timers ended, as it woke up, for an outage', async () => {
    const { store, ask, pass, setClock } = await startTrial({ onStale })
    store.pushes = false
    await store.revoke(ofKey('k'))
    store.behaviour = 'hangs'
    // the first poll is half a second after the start, and ends after one and a half
    await pass(1.9)
    setClock(hour)
    store.behaviour = 'well'
    await pass(0.11)
    expect([await ask({ kid: 'k' }), await ask()]).toEqual(['revoked_key', 'pass'])
  })
})

describe('a clock that is set', () => {
  it('back keeps no view fresh', async () => {
    const { store, ask, pass, setClock } = await startTrial()
    store.behaviour = 'down'
    setClock(-hour)
    await pass(6)
    expect(await ask()).toBe('503 revocation_unavailable 1')
  })

  it('back does not make an old failure a new one', async () => {
    const { store, view, ask, pass, setClock } = await startTrial()
    store.behaviour = 'down'
    await pass(10)
    await view.close()
    setClock(-hour)
    await pass(hour)
    expect(await ask()).toBe('503 revocation_unavailable 1')
  })

  it('back or forth is no outage: the store is asked, and that is all', async () => {
    const { store, ask, setClock, pass } = await startTrial()
    for (const seconds of [hour, -hour, -hour, hour, 86_400, -86_400]) {
      setClock(seconds)
      expect(await ask()).toBe('pass')
    }
    const before = store.calls.cursor
    expect(await ask()).toBe('pass')
    expect(store.calls.cursor).toBe(before)
    await pass(1)
  })
})
