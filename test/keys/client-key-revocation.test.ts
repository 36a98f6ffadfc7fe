import type { RevocationStore } from '@countersign/core'
import { jwkThumbprint } from '@countersign/jwt'
import { publicJwkOf, testKeys } from '@countersign/testkit'
import { expect, it } from 'vitest'
import { type Deployment, deploy, endOf, issuer } from './registry-setup.js'

const owner = 'client-a'
const jwk = publicJwkOf(testKeys.es256)
const query = { clientId: owner, kid: 'k1', algorithm: 'ES256' } as const

async function entriesOf({ stores }: Deployment): Promise<readonly unknown[]> {
  return (await stores.revocations.since(undefined)).records.map(({ entry }) => entry)
}

function failing(store: RevocationStore, outage: { isDown: boolean }): RevocationStore {
  return {
    ...store,
    async revoke(entry, options) {
      if (outage.isDown) throw new Error('connection refused')
      return store.revoke(entry, options)
    },
  }
}

it('a retired key is not found any more, and what was obtained with it stays', async () => {
  const deployment = deploy()
  const { clientKeys } = deployment.start()
  await clientKeys.register({ owner, kid: 'k1', jwk })
  expect(await clientKeys.retire(owner, 'k1')).toBe(true)
  expect(await clientKeys.retire(owner, 'k1')).toBe(true)
  expect(await clientKeys.find(query)).toEqual({ ok: false, reason: 'retired' })
  expect(await entriesOf(deployment)).toEqual([])
})

it('a revoked key is not found any more, and the denylist names its thumbprint', async () => {
  const deployment = deploy()
  const { clientKeys } = deployment.start()
  await clientKeys.register({ owner, kid: 'k1', jwk })
  expect(await clientKeys.revoke(owner, 'k1', { reason: 'laptop stolen' })).toBe(true)
  expect(await clientKeys.find(query)).toEqual({ ok: false, reason: 'revoked' })
  expect(await entriesOf(deployment)).toEqual([{ type: 'client_key', issuer, thumbprint: jwkThumbprint(jwk) }])
})

it('a retired key can be revoked, a revoked one not retired', async () => {
  const deployment = deploy()
  const { clientKeys } = deployment.start()
  await clientKeys.register({ owner, kid: 'k1', jwk })
  await clientKeys.retire(owner, 'k1')
  expect(await clientKeys.revoke(owner, 'k1')).toBe(true)
  expect(await entriesOf(deployment)).toHaveLength(1)
  expect(await clientKeys.retire(owner, 'k1')).toBe(false)
  expect((await clientKeys.list(owner))[0]?.state).toBe('revoked')
})

it('of keys that are not there nothing is revoked', async () => {
  const deployment = deploy()
  const { clientKeys } = deployment.start()
  await clientKeys.register({ owner, kid: 'k1', jwk })
  expect(await clientKeys.revoke('client-b', 'k1')).toBe(false)
  expect(await clientKeys.revoke(owner, 'k2')).toBe(false)
  expect(await entriesOf(deployment)).toEqual([])
})

it('a denylist that fails leaves the registry untouched; the retry does both, and another one changes nothing', async () => {
  const deployment = deploy()
  const outage = { isDown: true }
  const { clientKeys } = deployment.start({ revocations: failing(deployment.stores.revocations, outage) })
  await clientKeys.register({ owner, kid: 'k1', jwk })
  const { writes } = deployment.keys
  expect(await endOf(clientKeys.revoke(owner, 'k1'))).toBe('store_unavailable')
  expect(deployment.keys.writes).toBe(writes)
  expect(await clientKeys.find(query)).toMatchObject({ ok: true })
  outage.isDown = false
  expect(await clientKeys.revoke(owner, 'k1')).toBe(true)
  expect(deployment.keys.writes).toBe(writes + 1)
  expect(await clientKeys.revoke(owner, 'k1')).toBe(true)
  expect(deployment.keys.writes).toBe(writes + 1)
})

it('a registry that fails after the denylist throws, and the retry ends it', async () => {
  const deployment = deploy()
  const { clientKeys } = deployment.start()
  await clientKeys.register({ owner, kid: 'k1', jwk })
  const put = deployment.keys.put.bind(deployment.keys)
  deployment.keys.put = async () => {
    throw new Error('connection refused')
  }
  expect(await endOf(clientKeys.revoke(owner, 'k1'))).toBe('store_unavailable')
  expect(await entriesOf(deployment)).toHaveLength(1)
  deployment.keys.put = put
  expect(await clientKeys.revoke(owner, 'k1')).toBe(true)
  expect(await clientKeys.find(query)).toEqual({ ok: false, reason: 'revoked' })
})

it('without a denylist a revoked key leaves the registry', async () => {
  const { clientKeys } = deploy().start({ revocations: undefined as never })
  await clientKeys.register({ owner, kid: 'k1', jwk })
  expect(await clientKeys.revoke(owner, 'k1')).toBe(true)
  expect(await clientKeys.find(query)).toEqual({ ok: false, reason: 'revoked' })
})
