import { createSigner, jwkThumbprint } from '@countersign/jwt'
import { privateKeyOf, publicJwkOf, testKeys } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { deployReady, done, endOf, recorded } from './registry-setup.js'

describe('stage', () => {
  it('refuses private keys, weak keys and keys of another algorithm', async () => {
    const { registry } = await deployReady()
    const { es256, es384, weakRsa } = testKeys
    expect(await endOf(registry.signing.stage(es256.jwk))).toBe('TypeError')
    expect(await endOf(registry.signing.stage(publicJwkOf(es384)))).toBe('TypeError')
    expect(await endOf(registry.signing.stage(publicJwkOf(es384, { alg: undefined })))).toBe('TypeError')
    expect(await endOf(registry.signing.stage(publicJwkOf(weakRsa), { algorithm: 'RS256' }))).toBe('TypeError')
    expect(await endOf(registry.signing.stage(publicJwkOf(testKeys.rs256, { alg: 'RS512' }), { algorithm: 'RS256' }))).toBe('TypeError')
  })

  it('refuses a key that is there, and one that was revoked', async () => {
    const signer = createSigner({ key: privateKeyOf(testKeys.es256), algorithm: 'ES256' })
    const { registry } = await deployReady({ externalSigner: () => signer })
    const jwk = publicJwkOf(testKeys.es256)
    const kid = done(await registry.signing.stage(jwk))
    expect(kid).toBe(jwkThumbprint(jwk))
    expect(await registry.signing.stage(jwk)).toEqual({ ok: false, reason: 'wrong_state' })
    await registry.signing.revoke(kid)
    expect(await registry.signing.stage(jwk)).toEqual({ ok: false, reason: 'wrong_state' })
  })
})

it('every change is an event for audits, and so is every refusal', async () => {
  const { registry, first } = await deployReady()
  const events = recorded('countersign:key')
  const next = done(await registry.signing.rotate())
  await registry.signing.activate(next)
  await registry.signing.retire('nobody')
  await registry.signing.revoke(first)
  expect(events).toEqual([
    { action: 'rotate', owner: 'https://api.test', outcome: 'done', kid: next },
    { action: 'activate', owner: 'https://api.test', outcome: 'too_early', kid: next },
    { action: 'retire', owner: 'https://api.test', outcome: 'unknown', kid: 'nobody' },
    { action: 'revoke', owner: 'https://api.test', outcome: 'done', kid: first },
  ])
})
