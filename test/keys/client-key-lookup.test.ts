import { publicJwkOf, testKeys } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { deploy, startsAt } from './registry-setup.js'

const owner = 'client-a'

describe('a key of the registry that cannot be used says why', () => {
  it('not yet valid, expired, retired, revoked', async () => {
    const { start, clock } = deploy()
    const { clientKeys } = start()
    const { es256, es256Other, es256Third, es384 } = testKeys
    await clientKeys.register({ owner, kid: 'early', jwk: publicJwkOf(es256), notBefore: startsAt + 10 })
    await clientKeys.register({ owner, kid: 'short', jwk: publicJwkOf(es256Other), expiresAt: startsAt + 5 })
    await clientKeys.register({ owner, kid: 'retired', jwk: publicJwkOf(es256Third) })
    await clientKeys.register({ owner, kid: 'revoked', jwk: publicJwkOf(es384) })
    await clientKeys.retire(owner, 'retired')
    await clientKeys.revoke(owner, 'revoked')
    clock.advance(5)
    const faults = await Promise.all(
      (['early', 'short', 'retired', 'revoked'] as const).map(async (kid) => {
        const answer = await clientKeys.find({ clientId: owner, kid, algorithm: kid === 'revoked' ? 'ES384' : 'ES256' })
        return answer.ok ? 'found' : answer.reason
      }),
    )
    expect(faults).toEqual(['not_yet_valid', 'expired', 'retired', 'revoked'])
  })

  it('one that ended does not stand in the way of the only one that fits', async () => {
    const { clientKeys } = deploy().start()
    await clientKeys.register({ owner, kid: 'k1', jwk: publicJwkOf(testKeys.es256) })
    await clientKeys.register({ owner, kid: 'k2', jwk: publicJwkOf(testKeys.es256Other) })
    await clientKeys.retire(owner, 'k1')
    expect(await clientKeys.find({ clientId: owner, kid: undefined, algorithm: 'ES256' })).toMatchObject({ ok: true, key: { kid: 'k2' } })
    await clientKeys.retire(owner, 'k2')
    expect(await clientKeys.find({ clientId: owner, kid: undefined, algorithm: 'ES256' })).toEqual({ ok: false, reason: 'unknown' })
  })

  it('EdDSA and Ed25519 are two names of one algorithm', async () => {
    const { clientKeys } = deploy().start()
    await clientKeys.register({ owner, kid: 'k1', jwk: publicJwkOf(testKeys.eddsa, { alg: 'Ed25519' }) })
    for (const algorithm of ['EdDSA', 'Ed25519'] as const) {
      expect(await clientKeys.find({ clientId: owner, kid: 'k1', algorithm })).toMatchObject({ ok: true })
    }
  })

  it('an owner and a kid that are joined differently are never the same', async () => {
    const { clientKeys } = deploy().start()
    await clientKeys.register({ owner: 'a:b', kid: 'c', jwk: publicJwkOf(testKeys.es256) })
    expect(await clientKeys.find({ clientId: 'a', kid: 'b:c', algorithm: 'ES256' })).toEqual({ ok: false, reason: 'unknown' })
  })
})
