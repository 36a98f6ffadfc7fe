import assert from 'node:assert/strict'
import type { Stores } from '@countersign/core'
import type { StoreBackend, StoreCase } from '../store-backend.js'
import { type DefineCase, untilAnswered } from '../store-case.js'

const minute = 60_000
const claim = { purpose: 'test', id: 'id', issuedAgoMs: 0, ttlMs: minute }
const entry = { type: 'client', issuer: 'issuer', clientId: 'client' } as const
const presented = { family: 'family', generation: 0, binding: 'binding', retryWindowMs: minute }

async function fill({ replay, nonces, challenges, families, attempts, clients, revocations, audit }: Stores): Promise<string> {
  assert.equal(await replay.claim(claim), 'claimed')
  await nonces.remember('jti', { clientId: 'client', ttlMs: minute })
  await nonces.spend('jti', 'spent')
  await challenges.put('id', 'record', minute)
  await challenges.keep('kept', 'before', minute)
  await families.create({ family: 'family', binding: 'binding', data: 'data', ttlMs: minute })
  await families.rotate(presented)
  await attempts.reserve({ key: 'key', limit: 1, windowMs: minute })
  await clients.put({ collection: 'collection', id: 'id', value: '0', revision: 0 })
  await audit.append({ event: 'event', subject: 'subject' }, { ttlMs: minute })
  return revocations.revoke(entry, { ttlMs: minute })
}

async function keepsVerdicts(stores: Stores, cursor: string, isDistrusted: boolean): Promise<void> {
  assert.equal(await untilAnswered(() => stores.replay.claim(claim)), 'replayed')
  assert.equal(await stores.nonces.spend('jti', 'spent'), 'replayed')
  assert.equal(await stores.nonces.spend('jti', 'other'), isDistrusted ? 'unknown' : 'spent')
  assert.equal(await stores.challenges.read('id'), isDistrusted ? null : 'record')
  assert.equal(await stores.challenges.take('id'), isDistrusted ? null : 'record')
  assert.equal(await stores.challenges.keep('kept', 'after', minute), isDistrusted ? 'after' : 'before')
  assert.equal(await stores.challenges.take('kept'), isDistrusted ? 'after' : 'before')
  assert.deepEqual(await stores.families.rotate(presented), { outcome: 'retry', generation: 1, data: 'data' })
  assert.equal((await stores.attempts.reserve({ key: 'key', limit: 1, windowMs: minute })).ok, false)
  assert.equal((await stores.clients.get({ collection: 'collection', id: 'id' }))?.revision, 1)
  const { records, lost } = await stores.revocations.since(undefined)
  assert.deepEqual([records.map((record) => record.entry), lost], [[entry], false])
  assert.equal((await stores.revocations.since(cursor)).lost, false)
  const pages = [await stores.clients.scan(), await stores.revocations.page(), await stores.audit.page()]
  assert.deepEqual(
    pages.map(({ items }) => items.length),
    [1, 1, 1],
  )
}

async function refusesAfterLoss(stores: Stores, cursor: string, retainedSince: number): Promise<void> {
  // it was issued before the loss: longer ago than this case has run
  const issuedAgoMs = 30_000
  assert.equal(await untilAnswered(() => stores.replay.claim({ ...claim, issuedAgoMs })), 'unprovable')
  assert.equal(await stores.replay.claim({ ...claim, id: 'never claimed', issuedAgoMs }), 'unprovable')
  assert.equal(await stores.replay.claim({ ...claim, id: 'issued after the loss' }), 'claimed')
  assert.equal(await stores.nonces.spend('jti', 'other'), 'unknown')
  assert.equal(await stores.challenges.read('id'), null)
  assert.equal(await stores.challenges.keep('id', 'after the loss', minute), 'after the loss')
  assert.equal(await stores.challenges.take('id'), 'after the loss')
  assert.deepEqual(await stores.families.rotate({ ...presented, generation: 1 }), { outcome: 'gone' })
  const pages = [await stores.clients.scan(), await stores.revocations.page(), await stores.audit.page()]
  for (const { items, after } of pages) assert.deepEqual([items, after], [[], undefined])
  const delta = await stores.revocations.since(cursor)
  assert.deepEqual([delta.records, delta.lost], [[], true])
  assert.ok(delta.retainedSince > retainedSince)
}

/** What holds when the store comes back: with its data, and without. */
export function memoryLossCases<Place>(define: DefineCase, backend: StoreBackend<Place>): readonly StoreCase[] {
  const { restart, forget, withoutEnd } = backend
  return [
    ...(restart
      ? [
          define('a restart keeps every verdict', async (context) => {
            const cursor = await fill(context.stores)
            await context.restart()
            await keepsVerdicts(context.stores, cursor, backend.distrustsRestarts === true)
          }),
        ]
      : []),
    ...(forget
      ? [
          define('a store that lost its memory refuses what it cannot prove, and says that it lost it', async (context) => {
            const cursor = await fill(context.stores)
            const { retainedSince } = await context.stores.revocations.since(undefined)
            await context.forget()
            await refusesAfterLoss(await context.open(), cursor, retainedSince)
          }),
        ]
      : []),
    ...(withoutEnd
      ? [
          define('everything temporary ends by itself', async (context) => {
            const { stores } = context
            await fill(stores)
            await stores.families.create({ family: 'ended', binding: 'binding', data: 'data', ttlMs: minute })
            await stores.families.rotate({ ...presented, family: 'ended', ttlMs: 2 * minute })
            await stores.families.revoke('ended', 'end')
            for (let n = 0; n < 3; n += 1) await stores.attempts.reserve({ key: 'key', limit: 2, windowMs: minute })
            await stores.challenges.put('id', 'another', minute)
            assert.equal(await stores.replay.claim({ ...claim, id: 'old', issuedAgoMs: 60 * minute }), 'unprovable')
            assert.deepEqual(await context.withoutEnd(), [])
          }),
        ]
      : []),
  ]
}
