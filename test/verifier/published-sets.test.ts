import { type KeySourceEvent, onEvent } from '@countersign/core'
import { privateKeyOf, publicJwkOf, renameKey, type TestKey, testKeys, tokenFactory } from '@countersign/testkit'
import { createGuard, type PublicKeyInput, staticKeys } from '@countersign/verifier'
import { describe, expect, it, onTestFinished } from 'vitest'
import { answerOf, audience, recordedLoads, startTrial } from './remote-jwks-setup.js'

const issuer = 'https://keycloak.test/realms/main'
const x5c = ['MIICmzCCAYMCBgGX']

/** A realm of Keycloak publishes every key that it has, for whatever use. */
const realm = {
  keys: [
    publicJwkOf(testKeys.rs256, { kid: 'enc-1', use: 'enc', alg: 'RSA-OAEP', x5c, x5t: 'abc' }),
    publicJwkOf(testKeys.rs256, { kid: 'sig-1', use: 'sig', alg: 'RS256', x5c, 'x5t#S256': 'abc' }),
    {
      kty: 'EC',
      kid: 'ecdh-1',
      use: 'enc',
      alg: 'ECDH-ES',
      crv: 'P-256',
      x: publicJwkOf(testKeys.es256).x,
      y: publicJwkOf(testKeys.es256).y,
    },
    { kty: 'OKP', kid: 'ed448-1', use: 'sig', alg: 'EdDSA', crv: 'Ed448', x: Buffer.alloc(57, 7).toString('base64url') },
    { kty: 'AKP', kid: 'ml-dsa-1', use: 'sig', alg: 'ML-DSA-65', pub: 'abc' },
  ],
}

function start(keys: PublicKeyInput | readonly PublicKeyInput[], algorithms: readonly ('RS256' | 'ES256')[] = ['RS256']) {
  const guard = createGuard({ issuers: { keycloak: staticKeys({ issuer, audience, algorithms, keys }) } })
  onTestFinished(() => guard.close())
  return { guard, ask: async (key: TestKey) => answerOf(guard, await tokenFactory({ issuer, audience, keys: [key] }).token()) }
}

const startError = (...given: Parameters<typeof start>): string => {
  try {
    start(...given)
    return 'no error'
  } catch (error) {
    return error instanceof TypeError ? error.message : `no TypeError: ${String(error)}`
  }
}

describe('a JWK Set as an identity provider publishes it, given to staticKeys', () => {
  it('is taken, and an event tells what was left out', async () => {
    const loads = recordedLoads()
    const { ask } = start(realm)
    expect(await ask(renameKey(testKeys.rs256, { kid: 'sig-1' }))).toBe('200')
    expect(await ask(renameKey(testKeys.rs256, { kid: 'enc-1' }))).toBe('401 unknown_key')
    const event: KeySourceEvent = {
      via: 'keycloak',
      outcome: 'loaded',
      keys: 1,
      dropped: { wrong_use: 2, unsupported: 2 },
      durationMs: 0,
    }
    expect(loads).toEqual([event])
  })

  it('causes no event where all of it is used', () => {
    const loads: unknown[] = []
    onTestFinished(onEvent('countersign:key-source', (event) => loads.push(event)))
    start({ keys: [realm.keys[1] ?? {}] })
    start(publicJwkOf(testKeys.rs256))
    expect(loads).toEqual([])
  })

  it('is refused where nothing of it fits, and the message says what was left out', () => {
    expect(startError({ keys: [realm.keys[0] ?? {}, realm.keys[3] ?? {}] })).toBe(
      'staticKeys: keys must have one that fits algorithms (RS256), got none, left out 1: wrong_use, left out 1: unsupported',
    )
    expect(startError(realm, ['ES256'])).toMatch(/must have one that fits algorithms \(ES256\)/)
  })

  it.each<[string, object, string]>([
    ['a private key', { ...privateKeyOf(testKeys.es256Other).export({ format: 'jwk' }), kid: 'sig-2' }, 'private'],
    ['a point off the curve', publicJwkOf(testKeys.es256Third, { kid: 'sig-2', y: publicJwkOf(testKeys.es256).y }), 'bad_point'],
  ])('is refused with %s that fits the algorithms, by its kid', (_what, member, fault) => {
    const set = { keys: [publicJwkOf(testKeys.es256), member, publicJwkOf(testKeys.rs256)] }
    expect(startError(set, ['ES256'])).toContain(
      `staticKeys: keys.keys[1] must be a public key that can be used, got the key "sig-2" with the fault ${fault} (`,
    )
    expect(startError(set, ['RS256'])).toBe('no error')
  })

  it('is refused with a weak key that fits the algorithms, by its kid', () => {
    const weak = publicJwkOf(testKeys.weakRsa, { kid: 'old' })
    const set = { keys: [publicJwkOf(testKeys.es256), publicJwkOf(testKeys.rs256), weak] }
    expect(startError(set, ['RS256'])).toContain(
      'keys.keys[2] must be a public key that can be used, got the key "old" with the fault weak_rsa',
    )
    expect(startError(set, ['ES256'])).toBe('no error')
    expect(startError({ keys: [...set.keys.slice(0, 2), { ...weak, use: 'enc' }] }, ['RS256'])).toBe('no error')
    expect(startError({ keys: [...set.keys.slice(0, 2), { ...weak, alg: 'PS256' }] }, ['RS256'])).toBe('no error')
  })

  it('leaves a key that was given by itself an error', () => {
    expect(startError(realm.keys[0] ?? {})).toContain(
      'keys must be a public key that can be used, got the key "enc-1" with the fault wrong_use',
    )
    expect(startError([realm.keys[1] ?? {}, realm.keys[4] ?? {}])).toContain(
      'keys[1] must be a public key that can be used, got the key "ml-dsa-1" with the fault unsupported',
    )
    expect(startError([realm, realm.keys[0] ?? {}])).toContain('keys[1] must be a public key that can be used, got the key "enc-1"')
  })

  it('names the kid that two keys share', () => {
    const set = { keys: [publicJwkOf(testKeys.es256, { kid: 'one' }), publicJwkOf(testKeys.es256Other, { kid: 'one' })] }
    expect(startError(set, ['ES256'])).toBe('staticKeys: keys must not have a duplicate kid, got "one" twice')
  })
})

describe('a JWK Set of many keys', () => {
  const many = (count: number): object[] => Array.from({ length: count }, (_, index) => publicJwkOf(testKeys.es256, { kid: `k${index}` }))
  const key = (index: number): TestKey => renameKey(testKeys.es256, { kid: `k${index}` })

  it('that is fetched is taken up to 1000 keys, beyond that the first 1000 usable ones, and an event tells the rest', async () => {
    const { issuer: server, ask, loads } = await startTrial()
    server.behave({ kind: 'document', body: { keys: [null, ...many(1003)] } })
    expect(await ask(await server.token({ kid: 'k999', key: key(999) }))).toBe('200')
    expect(await ask(await server.token({ kid: 'k1000', key: key(1000) }))).toBe('401 unknown_key')
    expect(loads[0]).toMatchObject({ outcome: 'loaded', keys: 1000, dropped: { malformed: 1, truncated: 3 } })
  })

  it('has 101 keys without loss', async () => {
    const { issuer: server, ask, loads } = await startTrial()
    server.behave({ kind: 'document', body: { keys: many(101) } })
    expect(await ask(await server.token({ kid: 'k100', key: key(100) }))).toBe('200')
    expect(loads[0]).toMatchObject({ outcome: 'loaded', keys: 101 })
    expect(loads[0]).not.toHaveProperty('dropped')
  })

  it('is bounded by maxKeys', async () => {
    const { issuer: server, ask, loads } = await startTrial({ maxKeys: 2 })
    server.behave({ kind: 'document', body: { keys: many(3) } })
    expect(await ask(await server.token({ kid: 'k1', key: key(1) }))).toBe('200')
    expect(await ask(await server.token({ kid: 'k2', key: key(2) }))).toBe('401 unknown_key')
    expect(loads[0]).toMatchObject({ keys: 2, dropped: { truncated: 1 } })
    await expect(startTrial({ maxKeys: 0 })).rejects.toThrow('jwks: maxKeys must be')
  })
})
