import { isUnavailable, type NonceStore, Unavailable } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { describe, expect, it } from 'vitest'
import { issued, recorded, spending, startNonces, watched } from './nonce-setup.js'

describe('a store that is down', () => {
  it('is an outage and never a refusal; when it is back, the nonce is still good', async () => {
    const store = watched(memoryStores({ now: () => 1_800_000_000_000 }).nonces)
    const { nonces } = startNonces({ store })
    const token = await issued(nonces)
    const events = recorded('countersign:nonce')
    store.isDown = true
    await expect(nonces.issue({ clientId: 'c' })).rejects.toSatisfy(isUnavailable)
    await expect(spending(nonces, token)).rejects.toMatchObject({ reason: 'store_unavailable', cause: new Error('connection refused') })
    expect(events.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual(['issue store_unavailable', 'spend store_unavailable'])
    store.isDown = false
    expect(await spending(nonces, token)).toBe('spent')
  })

  it('may throw at once, or say itself what it is', async () => {
    const own = new Unavailable('store_unavailable', { retryAfterSeconds: 7 })
    const throwing = (error: Error): NonceStore => ({
      remember: () => {
        throw error
      },
      spend: () => {
        throw error
      },
      undo: () => {
        throw error
      },
    })
    await expect(startNonces({ store: throwing(own) }).nonces.issue({ clientId: 'c' })).rejects.toBe(own)
    const { nonces } = startNonces({ store: throwing(new Error('at once')) })
    await expect(nonces.issue({ clientId: 'c' })).rejects.toSatisfy(isUnavailable)
    await expect(spending(nonces, await issued(startNonces().nonces))).rejects.toSatisfy(isUnavailable)
  })

  it('does not change what is refused without it', async () => {
    const store = watched(memoryStores().nonces)
    store.isDown = true
    expect(await spending(startNonces({ store }).nonces, 'nonsense')).toBe('401 malformed')
  })

  it('of attempts is an outage as well, and nothing is issued', async () => {
    const store = watched(memoryStores().nonces)
    const attempts = { reserve: () => Promise.reject(new Error('connection refused')), clear: async () => undefined }
    const { nonces } = startNonces({ store, maxIssuedPerClient: { limit: 1, attempts } })
    await expect(nonces.issue({ clientId: 'c' })).rejects.toSatisfy(isUnavailable)
    expect(store.asked).toEqual([])
  })
})
