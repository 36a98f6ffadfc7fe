import { expect, it } from 'vitest'
import { ofClient, ofKey, startTrial } from './view-setup.js'

it('what is revoked after the store was set back counts at once in the process that revoked it', async () => {
  const { store, view, ask, pass } = await startTrial()
  for (const kid of ['a', 'b', 'c']) await view.revoke(ofKey(kid))
  await pass(2)
  await store.rollBack(1)
  store.pushes = false
  await view.revoke(ofKey('d'))
  expect(await ask({ kid: 'd' })).toBe('revoked_key')
})

it('what is taken back after the store was set back counts at once, too', async () => {
  const { store, view, ask, pass } = await startTrial()
  await view.revoke(ofClient('app'))
  for (const kid of ['a', 'b', 'c']) await view.revoke(ofKey(kid))
  await pass(2)
  await store.rollBack(1)
  store.pushes = false
  await view.reinstate(ofClient('app'))
  expect(await ask({ clientId: 'app' })).toBe('pass')
})

it('an entry that somebody took back while it was being written is not put back by its writer', async () => {
  const { store, view, open, ask, pass } = await startTrial()
  const other = open()
  await other.ready()
  const letGo = store.hold('revoke')
  const writing = view.revoke(ofClient('app'))
  await pass(0.1)
  await other.reinstate(ofClient('app'))
  await view.ready()
  await letGo()
  await writing
  expect(await ask({ clientId: 'app' })).toBe('pass')
})

it('entries are announced through a view as through the store itself: undone takes them back, and keys stay', async () => {
  const { view, ask } = await startTrial()
  await view.revoke(ofClient('app'), { ttlMs: 1 })
  expect(await ask({ clientId: 'app' })).toBe('revoked_client')
  await view.revoke(ofClient('app'), { reinstated: true })
  expect(await ask({ clientId: 'app' })).toBe('pass')
  await expect(view.revoke(ofKey('k'), { reinstated: true })).rejects.toThrow(TypeError)
})
