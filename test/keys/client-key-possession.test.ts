import { createSigner, signJwt } from '@countersign/jwt'
import type { KeyRegistry } from '@countersign/keys'
import { privateKeyOf, publicJwkOf, type TestKey, testKeys } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { deploy, issuer, recorded, startsAt } from './registry-setup.js'

const owner = 'client-a'
const { es256, es256Other } = testKeys

function proofOf(changes: Readonly<Record<string, unknown>> = {}, key: TestKey = es256, typ = 'key-possession+jwt'): Promise<string> {
  const claims = { iss: owner, aud: issuer, exp: startsAt + 60, ...changes }
  return signJwt(claims, { signer: createSigner({ key: privateKeyOf(key), algorithm: key.alg }), typ })
}

async function startPending(): Promise<KeyRegistry & ReturnType<typeof deploy>> {
  const deployment = deploy()
  const registry = deployment.start({ requirePossession: true })
  await registry.clientKeys.register({ owner, kid: 'k1', jwk: publicJwkOf(es256) })
  return { ...deployment, ...registry }
}

const found = async ({ clientKeys }: KeyRegistry, clientId: string = owner): Promise<unknown> => {
  const answer = await clientKeys.find({ clientId, kid: 'k1', algorithm: 'ES256' })
  return answer.ok ? 'found' : answer.reason
}

describe('a key whose possession was not shown', () => {
  it('is pending and verifies nothing, until it is', async () => {
    const registry = await startPending()
    expect(await found(registry)).toBe('pending')
    expect(await registry.clientKeys.confirm(owner, 'k1', await proofOf())).toBe(true)
    expect(await found(registry)).toBe('found')
  })

  const bad: Readonly<Record<string, () => Promise<string>>> = {
    'of another key': () => proofOf({}, es256Other),
    'of another client': () => proofOf({ iss: 'client-b' }),
    'for another issuer': () => proofOf({ aud: 'https://other.test' }),
    'for several issuers': () => proofOf({ aud: [issuer, 'https://other.test'] }),
    'that expired': () => proofOf({ exp: startsAt - 10 }),
    'without an expiry': () => proofOf({ exp: undefined }),
    'that lives too long': () => proofOf({ exp: startsAt + 301 }),
    'that is not valid yet': () => proofOf({ nbf: startsAt + 60 }),
    'of another type': () => proofOf({}, es256, 'JWT'),
    'that is no token': async () => 'proof',
    'that is no text': async () => undefined as unknown as string,
  }
  it.each(Object.entries(bad))('a proof %s shows nothing', async (_name, proof) => {
    const registry = await startPending()
    expect(await registry.clientKeys.confirm(owner, 'k1', await proof())).toBe(false)
    expect(await found(registry)).toBe('pending')
  })

  it('a proof for a key that is not there shows nothing', async () => {
    const registry = await startPending()
    const events = recorded('countersign:key')
    expect(await registry.clientKeys.confirm(owner, 'k2', await proofOf())).toBe(false)
    expect(await registry.clientKeys.confirm('client-b', 'k1', await proofOf())).toBe(false)
    expect(events.map(({ outcome }) => outcome)).toEqual(['refused', 'refused'])
  })

  it('a retired key is not confirmed', async () => {
    const registry = await startPending()
    await registry.clientKeys.retire(owner, 'k1')
    expect(await registry.clientKeys.confirm(owner, 'k1', await proofOf())).toBe(false)
    expect(await found(registry)).toBe('retired')
  })
})

describe('somebody else who has read the public key', () => {
  it('does not block its owner by registering it first', async () => {
    const registry = await startPending()
    const jwk = publicJwkOf(es256)
    expect(await registry.clientKeys.register({ owner: 'client-b', kid: 'k1', jwk })).toMatchObject({ ok: true, key: { state: 'pending' } })
    expect(await registry.clientKeys.confirm('client-b', 'k1', await proofOf({ iss: 'client-b' }))).toBe(true)
    // It is the other one's now.
    expect(await registry.clientKeys.confirm(owner, 'k1', await proofOf())).toBe(false)
    expect(await found(registry)).toBe('pending')
    expect(await found(registry, 'client-b')).toBe('found')
  })

  it('does not end the tokens of its owner by revoking it', async () => {
    const registry = await startPending()
    await registry.clientKeys.register({ owner: 'client-b', kid: 'k1', jwk: publicJwkOf(es256) })
    await registry.clientKeys.confirm(owner, 'k1', await proofOf())
    expect(await registry.clientKeys.revoke('client-b', 'k1')).toBe(true)
    expect((await registry.stores.revocations.since(undefined)).records).toEqual([])
    expect(await found(registry)).toBe('found')
  })

  it('cannot register it once it was confirmed', async () => {
    const registry = await startPending()
    await registry.clientKeys.confirm(owner, 'k1', await proofOf())
    const result = await registry.clientKeys.register({ owner: 'client-b', kid: 'k1', jwk: publicJwkOf(es256) })
    expect(result).toEqual({ ok: false, reason: 'key_taken' })
  })
})
