import { createSigner } from '@countersign/jwt'
import { privateKeyOf, publicJwkOf, testKeys } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { deployReady, done, endOf, kept, safeAfter, signingKid, statesOf, verifyingOf } from './registry-setup.js'

describe('revoking the key that signs', () => {
  it('puts the standby that was published longest in its place', async () => {
    const { registry, first, clock } = await deployReady()
    const older = done(await registry.signing.generate())
    clock.advance(10)
    const newer = done(await registry.signing.generate())
    expect(await registry.signing.revoke(first)).toEqual({ ok: true, kid: first })
    expect(await statesOf(registry)).toEqual({ [first]: 'revoked', [older]: 'active', [newer]: 'staged' })
    expect(await signingKid(registry)).toBe(older)
  })

  it('brings a scheduled key forward', async () => {
    const { registry, first } = await deployReady()
    const next = done(await registry.signing.rotate())
    await registry.signing.revoke(first)
    expect(await signingKid(registry)).toBe(next)
  })

  it('makes a new key where there is no standby', async () => {
    const { registry, first } = await deployReady()
    await registry.signing.revoke(first)
    const kid = await signingKid(registry)
    expect(kid).not.toBe(first)
    expect(await statesOf(registry)).toEqual({ [first]: 'revoked', [kid]: 'active' })
  })

  it('without a standby and without a way to make one, nothing signs until one is staged', async () => {
    const external = { key: privateKeyOf(testKeys.es256), algorithm: 'ES256' } as const
    const other = { key: privateKeyOf(testKeys.es256Other), algorithm: 'ES256' } as const
    const { registry } = await deployReady({ generateFirst: true })
    const { start } = await deployReady()
    expect(registry).toBeDefined()
    const kms = start({
      issuer: 'https://kms.test',
      encryption: undefined as never,
      externalSigner: (kid) => [external, other].map((one) => createSigner(one)).find((signer) => signer.kid === kid),
    })
    const first = done(await kms.signing.stage(publicJwkOf(testKeys.es256)))
    await kms.signing.revoke(first)
    expect(await endOf(signingKid(kms))).toBe('key_source_unavailable')
    const second = done(await kms.signing.stage(publicJwkOf(testKeys.es256Other)))
    expect(await signingKid(kms)).toBe(second)
  })
})

it('revoking a scheduled key leaves the old one signing', async () => {
  const { registry, first, clock } = await deployReady()
  const next = done(await registry.signing.rotate())
  await registry.signing.revoke(next)
  clock.advance(2 * safeAfter)
  expect(await signingKid(registry)).toBe(first)
})

it('revoking is idempotent, and makes no further key', async () => {
  const { registry, first } = await deployReady()
  await registry.signing.revoke(first)
  const states = await statesOf(registry)
  expect(await registry.signing.revoke(first)).toEqual({ ok: true, kid: first })
  expect(await statesOf(registry)).toEqual(states)
})

it('a retiring key and a retired one can be revoked', async () => {
  const { registry, first, clock } = await deployReady()
  const next = done(await registry.signing.rotate())
  clock.advance(safeAfter)
  expect(await registry.signing.revoke(first)).toEqual({ ok: true, kid: first })
  expect(await statesOf(registry)).toEqual({ [first]: 'revoked', [next]: 'active' })
})

it('a revoked key stops verifying at once in this process', async () => {
  const { registry, first } = await deployReady()
  expect(await verifyingOf(registry, [first])).toEqual([first])
  await registry.signing.revoke(first)
  expect(await verifyingOf(registry, [first])).toEqual([])
})

it('a revoked key stays revoked in a process that knows it, also when the store has lost that', async () => {
  const { registry, first, clock, stores } = await deployReady()
  const address = { collection: 'own_keys', id: 'https://api.test' }
  const before = await kept(stores, address.collection, address.id)
  await registry.signing.revoke(first)
  const revision = (await stores.keys.get(address))?.revision ?? 0
  await stores.keys.put({ ...address, value: before, revision })
  clock.advance(6)
  expect(await verifyingOf(registry, [first])).toEqual([])
  expect(await endOf(signingKid(registry))).toBe('key_source_unavailable')
})

describe('the denylist', () => {
  it('has the entry', async () => {
    const { registry, first, stores } = await deployReady()
    await registry.signing.revoke(first)
    const { records } = await stores.revocations.since(undefined)
    expect(records.map(({ entry }) => entry)).toEqual([{ type: 'signing_key', issuer: 'https://api.test', kid: first }])
  })

  it('comes first: when it fails, revoke throws and the registry is untouched; a retry does both', async () => {
    const { stores, ...deployment } = await deployReady()
    const outage = { isDown: true }
    const revocations = {
      ...stores.revocations,
      revoke: async (...args: Parameters<typeof stores.revocations.revoke>) => {
        if (outage.isDown) throw new Error('connection refused')
        return stores.revocations.revoke(...args)
      },
    }
    const registry = deployment.start({ revocations })
    expect(await endOf(registry.signing.revoke(deployment.first))).toBe('store_unavailable')
    expect(await statesOf(registry)).toEqual({ [deployment.first]: 'active' })
    outage.isDown = false
    expect(await registry.signing.revoke(deployment.first)).toEqual({ ok: true, kid: deployment.first })
    expect((await stores.revocations.since(undefined)).records).toHaveLength(1)
  })

  it('is written also for a key that the registry does not know', async () => {
    const { registry, stores } = await deployReady()
    expect(await registry.signing.revoke('a-key-of-a-lost-registry')).toEqual({ ok: false, reason: 'unknown' })
    expect((await stores.revocations.since(undefined)).records).toHaveLength(1)
    expect(await endOf(registry.signing.revoke(''))).toBe('TypeError')
  })
})
