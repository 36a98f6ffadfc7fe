import { createRevocations, createSharedRevocations } from '@countersign/verifier'
import { describe, expect, it, onTestFinished } from 'vitest'
import { deploy, deployReady, endOf, issuer, kept, signingKid, statesOf } from './registry-setup.js'

/** A process whose view knows of nothing yet, and its first key. */
async function signing(options: Parameters<typeof deployReady>[0] = {}) {
  const revocations = createRevocations()
  const deployed = await deployReady({ revocations, ...options })
  const announce = (kid = deployed.first): void => revocations.revoke({ type: 'signing_key', issuer, kid })
  return { ...deployed, revocations, announce }
}

describe('a key that is on the denylist', () => {
  it('signs nothing any more, whoever put it there: it is ended in the registry, and its successor signs', async () => {
    const { registry, first, announce } = await signing()
    announce()
    const kid = await signingKid(registry)
    expect(kid).not.toBe(first)
    expect(await statesOf(registry)).toEqual({ [first]: 'revoked', [kid]: 'active' })
  })

  it('is replaced once, however many sign at that moment', async () => {
    const { registry, announce } = await signing()
    announce()
    const kids = await Promise.all(Array.from({ length: 20 }, () => signingKid(registry)))
    expect(new Set(kids).size).toBe(1)
    expect((await registry.signing.list()).length).toBe(2)
  })

  it('is replaced once, however many processes learn of it', async () => {
    const { registry, first, announce, start, revocations } = await signing()
    const others = await Promise.all([1, 2, 3].map(async () => start({ revocations: { ...revocations } })))
    await Promise.all(others.map(signingKid))
    announce()
    const kids = await Promise.all([registry, ...others].map(signingKid))
    expect(new Set(kids).size).toBe(1)
    expect(Object.values(await statesOf(registry)).sort()).toEqual(['active', 'revoked'])
    expect(kids).not.toContain(first)
  })

  it('signs nothing while the registry cannot be written: 503, and its successor as soon as it can', async () => {
    const { registry, first, announce, keys } = await signing()
    announce()
    keys.isDown = true
    expect(await endOf(signingKid(registry))).toBe('store_unavailable')
    keys.isDown = false
    expect(await signingKid(registry)).not.toBe(first)
  })

  it('tells why it was revoked, as soon as the one who did that comes to it', async () => {
    const { registry, first, announce, stores } = await signing()
    announce()
    await signingKid(registry)
    await registry.signing.revoke(first, { reason: 'the laptop' })
    expect(await kept(stores, 'own_keys', issuer)).toContain('"revokedFor":"the laptop"')
    await registry.signing.revoke(first, { reason: 'another one' })
    expect(await kept(stores, 'own_keys', issuer)).toContain('"revokedFor":"the laptop"')
  })

  it('of another issuer is nothing to ours', async () => {
    const { registry, first, revocations } = await signing()
    revocations.revoke({ type: 'signing_key', issuer: 'https://other.test', kid: first })
    expect(await signingKid(registry)).toBe(first)
  })

  it('is asked for by every signer, of other uses too', async () => {
    const { registry, announce } = await signing({ algorithms: ['ES256', 'RS256'] })
    const rs256 = registry.signerFor({ algorithm: 'RS256' })
    const { kid } = await rs256.current()
    announce(kid)
    expect((await rs256.current()).kid).not.toBe(kid)
  })
})

it('nothing is signed while nobody can tell what was revoked, where the host has chosen that', async () => {
  const { start, stores } = deploy()
  const dead = { ...stores.revocations, since: () => Promise.reject(new Error('down')), cursor: () => Promise.reject(new Error('down')) }
  const signs = async (onStale: 'refuse' | 'allow'): Promise<string> => {
    const revocations = createSharedRevocations({
      store: dead,
      maxStalenessSeconds: 5,
      onStale,
    })
    onTestFinished(() => revocations.close())
    const registry = start({ revocations })
    await registry.ready()
    return endOf(signingKid(registry))
  }
  expect([await signs('refuse'), await signs('allow')]).toEqual(['revocation_unavailable', 'ok'])
})
