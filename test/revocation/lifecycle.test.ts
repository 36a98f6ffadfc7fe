import { memoryStores } from '@countersign/core/memory'
import { createSharedRevocations } from '@countersign/verifier'
import { expect, it, vi } from 'vitest'
import { ofKey, revocationEvents, startTrial } from './view-setup.js'

it('a closed view reads nothing and writes nothing any more', async () => {
  const { store, view, pass, ask } = await startTrial()
  await view.revoke(ofKey('k'))
  await view.close()
  expect([vi.getTimerCount(), store.listeners()]).toEqual([0, 0])
  const before = { ...store.calls }
  store.lose()
  await store.revoke(ofKey('other'))
  await pass(120)
  expect(await ask({ kid: 'k' })).toBe('revoked_key')
  expect(await ask({ kid: 'other' })).toBe('503 revocation_unavailable 1')
  expect(store.calls).toEqual({ ...before, revoke: before.revoke + 1 })
})

it.each(['refuse', 'allow'] as const)('a closed view is never fresh, with onStale %s', async (onStale) => {
  const { view, ask } = await startTrial({ onStale, maxStalenessSeconds: 60, issuers: { main: onStale } })
  await view.revoke(ofKey('k'))
  expect(await ask()).toBe('pass')
  const seen = revocationEvents()
  await view.close()
  expect(await ask()).toBe('503 revocation_unavailable 1')
  expect(await ask({ kid: 'k' })).toBe('revoked_key')
  expect(await view.ready()).toMatchObject({ ok: false, parts: { revocations: { cause: new Error('these revocations are closed') } } })
  expect(seen).toEqual([])
})

it('a reading that ends after close() makes nothing fresh', async () => {
  const { store, pass, view, ask } = await startTrial({ onStale: 'allow' })
  await pass(0.9)
  const letGo = store.hold('cursor')
  const reading = view.ready()
  await view.close()
  await letGo()
  expect(await reading).toMatchObject({ ok: false })
  expect(await ask()).toBe('503 revocation_unavailable 1')
})

it('close() ends a reading, and may be called again', async () => {
  const { store, open, view: first } = await startTrial()
  store.behaviour = 'hangs'
  const view = open()
  const ready = view.ready()
  await view.close()
  await view[Symbol.asyncDispose]()
  expect(await ready).toMatchObject({ ok: false })
  await first.close()
  expect(vi.getTimerCount()).toBe(0)
})

it('close() while something is being put back leaves the rest to others', async () => {
  const { store, view, pass } = await startTrial()
  for (let n = 0; n < 300; n += 1) await view.revoke(ofKey(`${n}`))
  store.lose()
  await pass(1)
  const letGo = store.hold('cursor')
  await pass(2)
  await view.close()
  const before = store.calls.revoke
  await letGo()
  await pass(120)
  expect(store.calls.revoke).toBe(before)
})

it('a view that could not subscribe to pushes is not there', () => {
  const store = {
    ...memoryStores().revocations,
    subscribe: () => {
      throw new Error('no')
    },
  }
  expect(() => createSharedRevocations({ store, maxStalenessSeconds: 5, onStale: 'refuse' })).toThrow('no')
})
