import assert from 'node:assert/strict'
import type { Stores } from '@countersign/core'
import type { StoreCase } from '../store-backend.js'
import type { DefineCase } from '../store-case.js'
import { confusablePairs } from '../strange-strings.js'

const minute = 60_000
const claimOf = (id: string): { purpose: string; id: string; issuedAgoMs: number; ttlMs: number } => ({
  purpose: 'test',
  id,
  issuedAgoMs: 0,
  ttlMs: minute,
})

/** Writes one of everything under one name. All of it succeeds in an empty place only. */
async function fill(
  { replay, nonces, challenges, families, attempts, clients, keys, accounts, revocations, audit }: Stores,
  id: string,
): Promise<void> {
  assert.equal(await replay.claim(claimOf(id)), 'claimed')
  await nonces.remember(id, { clientId: id, ttlMs: minute })
  await challenges.put(id, id, minute)
  await families.create({ family: id, binding: id, data: id, ttlMs: minute })
  assert.equal((await attempts.reserve({ key: id, limit: 1, windowMs: minute })).ok, true)
  for (const documents of [clients, keys, accounts])
    assert.equal(await documents.put({ collection: id, id, value: '0', revision: 0 }), true)
  await revocations.revoke({ type: 'client', issuer: id, clientId: id })
  await audit.append({ event: 'event', subject: id }, { ttlMs: minute })
}

async function spend({ replay, nonces, challenges, families, attempts }: Stores, id: string): Promise<void> {
  assert.equal(await challenges.take(id), id)
  assert.equal(await nonces.spend(id, id, { clientId: id }), 'spent')
  assert.equal((await families.rotate({ family: id, generation: 0, binding: id, retryWindowMs: 0 })).outcome, 'rotated')
  await attempts.clear(id)
  assert.equal(await replay.claim(claimOf(id)), 'replayed')
}

/** What is kept for one contract or tenant is not seen by another. */
export function isolationCases(define: DefineCase, tenants: boolean): readonly StoreCase[] {
  const contracts = define('one name serves all contracts', async ({ stores }) => {
    for (const id of ['id', '', 'clients', '5:replay']) await fill(stores, id)
    for (const id of ['id', '', 'clients', '5:replay']) await spend(stores, id)
  })
  if (!tenants) return [contracts]
  return [
    contracts,
    define('a tenant sees nothing of another', async ({ openTenant }) => {
      const [one, two] = [await openTenant('one'), await openTenant('two')]
      await fill(one, 'id')
      await fill(two, 'id')
      await spend(one, 'id')
      await spend(two, 'id')
      assert.equal((await one.revocations.since(undefined)).records.length, 1)
      assert.equal((await two.clients.list({ collection: 'id' })).length, 1)
      for (const tenant of [one, two])
        for (const { items } of [await tenant.accounts.scan(), await tenant.revocations.page(), await tenant.audit.page()])
          assert.equal(items.length, 1)
    }),
    define('tenants and ids are not confused, however they are cut', async ({ openTenant }) => {
      for (const [tenant, id] of confusablePairs.filter(([name]) => name !== '').slice(0, 12))
        assert.equal(await (await openTenant(tenant)).replay.claim(claimOf(id)), 'claimed', JSON.stringify([tenant, id]))
    }),
    define('a cursor that the store has not reached is a loss, and the answer is all there is', async ({ stores, openTenant }) => {
      await stores.revocations.revoke({ type: 'client', issuer: 'issuer', clientId: 'here' })
      const { revocations: ahead } = await openTenant('ahead')
      for (let n = 0; n < 3; n += 1) await ahead.revoke({ type: 'client', issuer: 'issuer', clientId: `${n}` })
      const delta = await stores.revocations.since(await ahead.cursor())
      assert.equal(delta.lost, true)
      assert.deepEqual(
        delta.records.map(({ entry }) => entry),
        [{ type: 'client', issuer: 'issuer', clientId: 'here' }],
      )
    }),
  ]
}
