import { randomBytes } from 'node:crypto'
import type { RotatingSecrets, Secret } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { createKeyRegistry, type KeyRegistry } from '@countersign/keys'
import { expect, it } from 'vitest'

const issuer = 'https://api.example'
const secretOf = (id: string): Secret => ({ id, secret: randomBytes(32) })
const [first, second] = [secretOf('1'), secretOf('2')]
const idsOf = async (keys: KeyRegistry): Promise<readonly unknown[]> => (await keys.signing.list()).map(({ encryptionId }) => encryptionId)

it('ready seals every key under the current key-encryption key, and the previous one can go', async () => {
  const store = memoryStores().keys
  const registry = (encryption: RotatingSecrets) => createKeyRegistry({ issuer, store, encryption })
  const before = registry({ current: first })
  await before.ready()
  await before.signing.generate()
  expect(await idsOf(before)).toEqual(['1', '1'])
  const changed = registry({ current: second, previous: [first] })
  expect(await changed.ready()).toMatchObject({ ok: true })
  expect(await idsOf(changed)).toEqual(['2', '2'])
  expect(await registry({ current: second }).ready()).toMatchObject({ ok: true })
})

it('a registry whose current key changes while it runs seals anew at its next ready', async () => {
  const state: { secrets: RotatingSecrets } = { secrets: { current: first } }
  const keys = createKeyRegistry({ issuer, store: memoryStores().keys, encryption: () => state.secrets })
  await keys.ready()
  state.secrets = { current: second, previous: [first] }
  await keys.ready()
  expect(await idsOf(keys)).toEqual(['2'])
})

it('two processes that differ in their current key do not seal in turn at every ready', async () => {
  const store = memoryStores().keys
  const older = createKeyRegistry({ issuer, store, encryption: { current: first, previous: [second] } })
  const newer = createKeyRegistry({ issuer, store, encryption: { current: second, previous: [first] } })
  const revisionOf = async (): Promise<number | undefined> => (await store.get({ collection: 'own_keys', id: issuer }))?.revision
  for (const keys of [older, newer]) await keys.ready()
  const before = await revisionOf()
  for (const keys of [older, newer, older, newer]) expect(await keys.ready()).toMatchObject({ ok: true })
  expect(await revisionOf()).toBe(before)
})

it('a key whose key-encryption key is gone: the signer is not ready, and says so', async () => {
  const store = memoryStores().keys
  await createKeyRegistry({ issuer, store, encryption: { current: first } }).ready()
  const { ok, parts } = await createKeyRegistry({ issuer, store, encryption: { current: second } }).ready()
  expect([ok, parts.keys?.ok, parts.signer?.ok]).toEqual([false, true, false])
})
