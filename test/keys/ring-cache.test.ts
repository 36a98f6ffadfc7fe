import type { KeyRegistry } from '@countersign/keys'
import { describe, expect, it } from 'vitest'
import { deployReady, done, endOf, signingKid, verifyingOf } from './registry-setup.js'

const isCurrent = async (registry: KeyRegistry, kid: string, change: () => Promise<unknown>): Promise<boolean> => {
  const { set } = await registry.source.find({ kid, algorithm: 'ES256' })
  await change()
  return registry.source.isCurrent(set)
}

describe('the ring in memory', () => {
  it('answers without the store while it is fresh, synchronously', async () => {
    const { registry, first, keys } = await deployReady()
    const { reads } = keys
    const answer = registry.source.find({ kid: first, algorithm: 'ES256' })
    expect(answer).not.toBeInstanceOf(Promise)
    expect(registry.signer.current()).not.toBeInstanceOf(Promise)
    expect(keys.reads).toBe(reads)
  })

  it('is read again after refreshSeconds: what another process revoked ends then', async () => {
    const { registry, first, clock, start } = await deployReady({ refreshSeconds: 5 })
    const other = start()
    await other.signing.revoke(first)
    clock.advance(5)
    expect(await verifyingOf(registry, [first])).toEqual([])
  })

  it('is read ahead of time, so that requests need not wait', async () => {
    const { registry, first, clock, keys } = await deployReady({ refreshSeconds: 5 })
    const { reads } = keys
    clock.advance(4.5)
    expect(registry.source.find({ kid: first, algorithm: 'ES256' })).not.toBeInstanceOf(Promise)
    await new Promise((resolve) => setImmediate(resolve))
    expect(keys.reads).toBe(reads + 1)
    clock.advance(3)
    expect(registry.source.find({ kid: first, algorithm: 'ES256' })).not.toBeInstanceOf(Promise)
  })

  it('is read once for many that ask together', async () => {
    const { registry, first, clock, keys } = await deployReady()
    const { reads } = keys
    clock.advance(6)
    await Promise.all(Array.from({ length: 50 }, async () => registry.source.find({ kid: first, algorithm: 'ES256' })))
    expect(keys.reads).toBe(reads + 1)
  })

  it('a reading that began before a change of this process and ends after it does not undo it', async () => {
    const { registry, first, clock, keys } = await deployReady()
    clock.advance(6)
    const gate: { open?: () => void } = {}
    const held = new Promise<void>((resolve) => {
      gate.open = resolve
    })
    // Gets its answer before the change and delivers it after.
    const read = keys.get.bind(keys)
    keys.get = async (address) => {
      keys.get = read
      const document = await read(address)
      await held
      return document
    }
    const late = Promise.resolve(registry.source.find({ kid: first, algorithm: 'ES256' }))
    const next = done(await registry.signing.generate())
    await registry.signing.revoke(first)
    gate.open?.()
    await late
    const answers = [next, first].map((kid) => registry.source.find({ kid, algorithm: 'ES256' }))
    expect(answers).toMatchObject([{ key: { kid: next } }, { key: undefined }])
  })

  it('a clock that is set back does not keep it alive', async () => {
    const { registry, first, clock, start } = await deployReady({ refreshSeconds: 0.05 })
    const other = start()
    clock.advance(-86_400)
    await other.signing.revoke(first)
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(await verifyingOf(registry, [first])).toEqual([])
  })
})

describe('while the store is down', () => {
  it('known keys sign and verify for staleIfErrorSeconds, then it is an outage', async () => {
    const { registry, first, clock, keys } = await deployReady({ staleIfErrorSeconds: 900 })
    keys.isDown = true
    clock.advance(899)
    expect(await verifyingOf(registry, [first])).toEqual([first])
    expect(await signingKid(registry)).toBe(first)
    clock.advance(2)
    expect(await endOf(verifyingOf(registry, [first]))).toBe('store_unavailable')
    expect(await endOf(signingKid(registry))).toBe('store_unavailable')
  })

  it('requests do not wait for a store that failed just now', async () => {
    const { registry, first, clock, keys } = await deployReady()
    keys.isDown = true
    clock.advance(6)
    await verifyingOf(registry, [first])
    const { reads } = keys
    for (let request = 0; request < 20; request += 1) await verifyingOf(registry, [first])
    expect(keys.reads).toBe(reads)
  })

  it('with staleIfErrorSeconds 0 nothing is believed beyond refreshSeconds', async () => {
    const { registry, first, clock, keys } = await deployReady({ staleIfErrorSeconds: 0 })
    keys.isDown = true
    clock.advance(6)
    expect(await endOf(verifyingOf(registry, [first]))).toBe('store_unavailable')
  })

  it('an unknown kid is an outage, and no refusal', async () => {
    const { registry, clock, keys } = await deployReady()
    keys.isDown = true
    clock.advance(6)
    expect(await endOf(verifyingOf(registry, ['unknown']))).toBe('store_unavailable')
  })

  it('it recovers by itself', async () => {
    const { registry, first, clock, keys } = await deployReady()
    keys.isDown = true
    clock.advance(10_000)
    expect(await endOf(verifyingOf(registry, [first]))).toBe('store_unavailable')
    keys.isDown = false
    await new Promise((resolve) => setTimeout(resolve, 1050))
    expect(await verifyingOf(registry, [first])).toEqual([first])
  })

  it('changes that wait for each other fail together: an outage does not add up', async () => {
    const { registry, keys } = await deployReady()
    keys.get = async () => {
      await new Promise((resolve) => setTimeout(resolve, 50))
      throw new Error('connection refused')
    }
    const begun = performance.now()
    const ends = await Promise.all(Array.from({ length: 40 }, () => endOf(registry.signing.retire('any'))))
    expect(new Set(ends)).toEqual(new Set(['store_unavailable']))
    expect(performance.now() - begun).toBeLessThan(1000)
  })

  it('a ring that this release does not understand is an outage', async () => {
    const { stores, start } = await deployReady()
    const address = { collection: 'own_keys', id: 'https://api.test' }
    for (const value of ['{"v":2,"keys":[]}', '{"v":1}', '{', '{"v":1,"keys":[{"kid":1}]}', 'null']) {
      const revision = (await stores.keys.get(address))?.revision ?? 0
      await stores.keys.put({ ...address, value, revision })
      expect([value, await endOf(verifyingOf(start(), ['x']))]).toEqual([value, 'store_unavailable'])
    }
  })
})

describe('an unknown kid', () => {
  it('of a key that another process made just now is found, within a second', async () => {
    const { registry, start } = await deployReady()
    const other = start()
    const [unknown] = await verifyingOf(registry, ['nobody'])
    expect(unknown).toBeUndefined()
    const kid = done(await other.signing.generate())
    const begun = performance.now()
    expect(await verifyingOf(registry, [kid])).toEqual([kid])
    expect(performance.now() - begun).toBeLessThan(1500)
  })

  it('reads the store at most once per second, however many there are', async () => {
    const { registry, keys } = await deployReady()
    const { reads } = keys
    const begun = performance.now()
    await verifyingOf(
      registry,
      Array.from({ length: 200 }, (_, index) => `storm-${index}`),
    )
    await verifyingOf(
      registry,
      Array.from({ length: 200 }, (_, index) => `more-${index}`),
    )
    expect(keys.reads - reads).toBeLessThanOrEqual(Math.ceil((performance.now() - begun) / 1000))
  })

  it('of a revoked key reads nothing', async () => {
    const { registry, first, keys } = await deployReady()
    await registry.signing.revoke(first)
    const { reads } = keys
    expect(await verifyingOf(registry, [first])).toEqual([])
    expect(keys.reads).toBe(reads)
  })
})

describe('isCurrent', () => {
  it('stays true while the keys that verify are the same', async () => {
    const { registry, first, clock } = await deployReady()
    expect(await isCurrent(registry, first, async () => clock.advance(6))).toBe(true)
  })

  it('ends with every change of them', async () => {
    const { registry, first } = await deployReady()
    expect(await isCurrent(registry, first, () => registry.signing.generate())).toBe(false)
    expect(await isCurrent(registry, first, () => registry.signing.revoke(first))).toBe(false)
  })
})

it('a token without kid is verified where exactly one key fits', async () => {
  const { registry, first } = await deployReady()
  expect((await registry.source.find({ kid: undefined, algorithm: 'ES256' })).key?.kid).toBe(first)
  await registry.signing.generate()
  expect((await registry.source.find({ kid: undefined, algorithm: 'ES256' })).key).toBeUndefined()
})
