import assert from 'node:assert/strict'
import { isUnavailable, type Stores } from '@countersign/core'
import { storeChangeCalls, storeReadCalls } from '../changes/store-calls.js'
import type { StoreCase } from '../store-backend.js'
import { type DefineCase, untilAnswered } from '../store-case.js'

const minute = 60_000
const document = { collection: 'collection', id: 'id' }

/** Something that each change could be granted on. */
async function prepare({ nonces, challenges, families, attempts, clients }: Stores): Promise<void> {
  await nonces.remember('jti', { clientId: 'client', ttlMs: minute })
  await challenges.put('id', 'record', minute)
  await families.create({ family: 'family', binding: 'binding', data: 'data', ttlMs: minute })
  await attempts.reserve({ key: 'used', limit: 1, windowMs: minute })
  await clients.put({ ...document, value: '0', revision: 0 })
}

/** Whether nothing of it was used up. */
async function expectUntouched({ replay, nonces, challenges, families, attempts, clients, revocations, audit }: Stores): Promise<void> {
  assert.deepEqual((await audit.page()).items, [])
  assert.deepEqual((await revocations.since(undefined)).records, [])
  assert.equal(await attempts.used('key'), 0)
  assert.equal((await clients.get(document))?.revision, 1)
  assert.equal(await replay.claim({ purpose: 'test', id: 'id', issuedAgoMs: 0, ttlMs: minute }), 'claimed')
  assert.equal(await nonces.spend('jti', 'purpose'), 'spent')
  assert.equal(await challenges.take('id'), 'record')
  const rotation = await families.rotate({ family: 'family', generation: 0, binding: 'binding', retryWindowMs: 0 })
  assert.equal(rotation.outcome, 'rotated')
}

async function expectOutage(name: string, call: Promise<unknown>): Promise<void> {
  await assert.rejects(call, (error) => isUnavailable(error) && error.reason === 'store_unavailable', name)
}

/** All contracts of these stores, to ask each whether it takes writes. */
function contractsOf({ replay, nonces, challenges, families, attempts, clients, keys, accounts, revocations, audit }: Stores) {
  return Object.entries({ replay, nonces, challenges, families, attempts, clients, keys, accounts, revocations, audit })
}

/** A store that cannot be written decides nothing, and says that it is not ready. */
export function readOnlyCases(define: DefineCase): readonly StoreCase[] {
  return [
    define('where nothing can be written every change is an outage, and none is a verdict', async ({ stores, openReadOnly }) => {
      await prepare(stores)
      const readOnly = await openReadOnly()
      for (const [name, call] of Object.entries(storeChangeCalls)) await expectOutage(name, call(readOnly))
      await expectUntouched(stores)
    }),
    define('of what is not there it is an outage too: nobody can tell what arrives later', async ({ openReadOnly }) => {
      const readOnly = await openReadOnly()
      for (const [name, call] of Object.entries(storeChangeCalls)) await expectOutage(name, call(readOnly))
    }),
    define('where nothing can be written it is not ready, and neither is any store', async ({ stores, openReadOnly }) => {
      const readOnly = await openReadOnly()
      assert.equal((await readOnly.ready()).ok, false)
      assert.equal((await stores.ready()).ok, true)
      for (const [name, { checkWrites }] of contractsOf(readOnly)) if (checkWrites) await expectOutage(`${name}.checkWrites`, checkWrites())
      for (const [, { checkWrites }] of contractsOf(stores)) await checkWrites?.()
    }),
    define('where nothing can be written everything can be read', async ({ openReadOnly }) => {
      const readOnly = await openReadOnly()
      for (const call of Object.values(storeReadCalls)) await untilAnswered(() => call(readOnly))
    }),
  ]
}
