import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { jwkThumbprint } from '@countersign/jwt'
import type { Registration } from '@countersign/keys'
import { publicJwkOf, publicKeyOf, testKeys } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { deploy, deployReady, endOf, recorded, startsAt } from './registry-setup.js'

/** A public key that nobody has seen. */
const newJwk = (): object => generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })

const openssl = async (...args: string[]): Promise<string> => (await promisify(execFile)('openssl', args)).stdout
const jwk = publicJwkOf(testKeys.es256, { kid: undefined })
const owner = 'client-a'

async function faultOf(changes: Partial<Registration> & Pick<Registration, 'jwk' | 'pem'>): Promise<string> {
  const { clientKeys } = deploy().start()
  const result = await clientKeys.register({ owner, kid: 'k1', ...changes })
  return result.ok ? `registered for ${result.key.algorithm}` : result.reason
}

describe('what is registered', () => {
  it('a JWK, under the name that the client gives it', async () => {
    const { clientKeys } = deploy().start()
    const result = await clientKeys.register({ owner, kid: 'laptop:2027', jwk: { ...jwk, kid: 'whatever', x5u: 'https://evil.test' } })
    const view = { kid: 'laptop:2027', thumbprint: jwkThumbprint(jwk), algorithm: 'ES256', state: 'active' }
    expect(result).toEqual({ ok: true, key: { ...view, notBefore: undefined, expiresAt: undefined } })
    expect(await clientKeys.list(owner)).toEqual([{ ...view, notBefore: undefined, expiresAt: undefined }])
  })

  const pairs: readonly (readonly [string, readonly string[], string])[] = [
    ['RSA', ['genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'], 'RS256'],
    ['P-256', ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'], 'ES256'],
    ['P-521', ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-521'], 'ES512'],
    ['Ed25519', ['genpkey', '-algorithm', 'ED25519'], 'EdDSA'],
  ]
  it.each(pairs)("openssl's own public key: %s", async (_name, generate, algorithm) => {
    const privatePem = await openssl(...generate)
    const folder = await mkdtemp(join(tmpdir(), 'countersign-openssl-'))
    const file = join(folder, 'key.pem')
    await writeFile(file, privatePem)
    const pem = await openssl('pkey', '-in', file, '-pubout')
    await rm(folder, { recursive: true })
    expect(await faultOf({ pem })).toBe(`registered for ${algorithm}`)
    expect(await faultOf({ pem: privatePem })).toBe('private')
  })

  it('for one algorithm: the JWK states it, or the client does', async () => {
    const rsa = publicJwkOf(testKeys.rs256, { alg: undefined })
    expect(await faultOf({ jwk: rsa })).toBe('registered for RS256')
    expect(await faultOf({ jwk: { ...rsa, alg: 'RS384' } })).toBe('registered for RS384')
    expect(await faultOf({ jwk: rsa, algorithm: 'PS256' })).toBe('registered for PS256')
  })

  it('with its times: not yet valid, then active, then expired', async () => {
    const { start, clock } = deploy()
    const { clientKeys } = start()
    const result = await clientKeys.register({ owner, kid: 'k1', jwk, notBefore: startsAt + 10, expiresAt: startsAt + 20 })
    expect(result).toMatchObject({ ok: true, key: { state: 'not_yet_valid', notBefore: startsAt + 10, expiresAt: startsAt + 20 } })
    const seen: unknown[] = []
    for (const second of [9, 10, 19, 20]) {
      clock.set(startsAt + second)
      seen.push((await clientKeys.list(owner))[0]?.state)
    }
    expect(seen).toEqual(['not_yet_valid', 'active', 'active', 'expired'])
  })

  it('public members only are kept', async () => {
    const { start, stores } = deploy()
    await start().clientKeys.register({ owner, kid: 'k1', jwk: { ...jwk, x5c: ['AAAA'], note: 'hello' } })
    const { value } = (await stores.keys.get({ collection: 'client_keys', id: owner })) ?? { value: '' }
    const [{ publicJwk }] = (JSON.parse(value) as { keys: [{ publicJwk: object }] }).keys
    expect(Object.keys(publicJwk).sort()).toEqual(['crv', 'kty', 'x', 'y'])
  })
})

describe('what is refused', () => {
  const rsa = publicJwkOf(testKeys.rs256, { alg: undefined })
  const neutralPoint = Buffer.from([1, ...Buffer.alloc(31)]).toString('base64url')
  const refusals: readonly (readonly [string, Partial<Registration>, string])[] = [
    ['neither JWK nor PEM', {}, 'malformed'],
    ['both', { jwk, pem: publicKeyOf(testKeys.es256).export({ format: 'pem', type: 'spki' }) as string }, 'malformed'],
    ['no object', { jwk: 'key' }, 'malformed'],
    ['a private JWK', { jwk: testKeys.es256.jwk }, 'private'],
    ['a private RSA JWK', { jwk: testKeys.rs256.jwk }, 'private'],
    ['a secret', { jwk: { kty: 'oct', k: 'AAAA' } }, 'secret'],
    ['RSA under 2048 bits', { jwk: publicJwkOf(testKeys.weakRsa) }, 'weak_rsa'],
    ['an even exponent', { jwk: { ...rsa, e: 'AQAA' } }, 'weak_rsa'],
    ['the exponent 1', { jwk: { ...rsa, e: 'AQ' } }, 'weak_rsa'],
    ['a point off the curve', { jwk: { ...jwk, y: jwk.x } }, 'bad_point'],
    ['a point of small order', { jwk: publicJwkOf(testKeys.eddsa, { x: neutralPoint }) }, 'bad_point'],
    ['a key for encryption', { jwk: { ...jwk, use: 'enc' } }, 'wrong_use'],
    ['a key that may not verify', { jwk: { ...jwk, use: undefined, key_ops: ['encrypt'] } }, 'wrong_use'],
    ['an algorithm of another curve', { jwk: { ...jwk, alg: 'ES384' } }, 'algorithm_mismatch'],
    ['an algorithm that the JWK contradicts', { jwk, algorithm: 'ES384' }, 'algorithm_mismatch'],
    ['an algorithm that nobody knows', { jwk: { ...jwk, alg: 'none' } }, 'algorithm_mismatch'],
    ['HMAC', { jwk: { ...rsa, alg: 'HS256' } }, 'algorithm_mismatch'],
    ['HMAC by name', { jwk: rsa, algorithm: 'HS256' as 'RS256' }, 'algorithm_mismatch'],
    ['a curve that nothing here uses', { jwk: { kty: 'EC', crv: 'secp256k1', x: jwk.x, y: jwk.y } }, 'unsupported'],
    ['PEM that is none', { pem: 'hello' }, 'malformed'],
    ['PEM of something else', { pem: '-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----' }, 'unsupported'],
    [
      'a certificate, whose dates would count for nothing',
      { pem: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' },
      'unsupported',
    ],
    ['an expiry in the past', { jwk, expiresAt: startsAt }, 'bad_times'],
    ['an expiry before its beginning', { jwk, notBefore: startsAt + 20, expiresAt: startsAt + 20 }, 'bad_times'],
    ['times that are none', { jwk, expiresAt: Number.NaN }, 'bad_times'],
    ['an infinite life', { jwk, expiresAt: Number.POSITIVE_INFINITY }, 'bad_times'],
    ['a beginning of another type', { jwk, notBefore: '1' as never }, 'bad_times'],
  ]
  it.each(refusals)('%s', async (_name, changes, fault) => {
    expect(await faultOf(changes as never)).toBe(fault)
  })

  const dotted = ['.', '..', './a', 'a/../b', 'a/..']
  const badKids = ['', ' ', 'a b', 'a\\b', 'a%2Fb', 'ä', 'a\u0000', 'a\n', 'x'.repeat(129), ...dotted, 7, undefined, '__proto__\u200b']
  it.each(badKids)('the kid %j', async (kid) => {
    expect(await faultOf({ jwk, kid: kid as string })).toBe('bad_kid')
  })

  it.each(['x'.repeat(128), 'AZaz09._~:+/=-', '/nQ//8=', '.../..a', '__proto__', 'constructor'])('but not the kid %j', async (kid) => {
    expect(await faultOf({ jwk, kid })).toBe('registered for ES256')
  })

  it('a client without a name', async () => {
    const { clientKeys } = deploy().start()
    expect(await endOf(clientKeys.register({ owner: '', kid: 'k1', jwk }))).toBe('TypeError')
  })

  it('a kid that the client has already', async () => {
    const { clientKeys } = deploy().start()
    await clientKeys.register({ owner, kid: 'k1', jwk })
    const other = publicJwkOf(testKeys.es256Other)
    expect(await clientKeys.register({ owner, kid: 'k1', jwk: other })).toEqual({ ok: false, reason: 'kid_taken' })
    expect(await clientKeys.register({ owner, kid: 'k2', jwk: other })).toMatchObject({ ok: true })
  })

  it('the same key again: under another name, for another client, after it was retired, after it was revoked', async () => {
    const { clientKeys } = deploy().start()
    const again = async (kid: string, client = owner): Promise<unknown> => clientKeys.register({ owner: client, kid, jwk })
    await again('k1')
    const taken = { ok: false, reason: 'key_taken' }
    expect(await again('k2')).toEqual(taken)
    expect(await again('k1', 'client-b')).toEqual(taken)
    await clientKeys.retire(owner, 'k1')
    expect(await again('k3')).toEqual(taken)
    expect(await again('k1', 'client-b')).toEqual(taken)
    await clientKeys.revoke(owner, 'k1')
    expect(await again('k4')).toEqual(taken)
    expect(await again('k1', 'client-b')).toEqual(taken)
  })

  it('the same key in another encoding', async () => {
    const { clientKeys } = deploy().start()
    await clientKeys.register({ owner, kid: 'k1', jwk })
    const pem = publicKeyOf(testKeys.es256).export({ format: 'pem', type: 'spki' }) as string
    expect(await clientKeys.register({ owner: 'client-b', kid: 'k1', pem })).toEqual({ ok: false, reason: 'key_taken' })
  })

  it('a key that we sign with', async () => {
    const { registry, stores } = await deployReady()
    const { value } = (await stores.keys.get({ collection: 'own_keys', id: 'https://api.test' })) ?? { value: '' }
    const [{ publicJwk }] = (JSON.parse(value) as { keys: [{ publicJwk: object }] }).keys
    expect(await registry.clientKeys.register({ owner, kid: 'k1', jwk: publicJwk })).toEqual({ ok: false, reason: 'key_taken' })
  })

  it('more keys than a client may have; one that was retired makes room', async () => {
    const { clientKeys } = deploy().start({ maxKeysPerClient: 2 })
    const { es256, es256Other, es256Third } = testKeys
    await clientKeys.register({ owner, kid: 'k1', jwk: publicJwkOf(es256) })
    await clientKeys.register({ owner, kid: 'k2', jwk: publicJwkOf(es256Other) })
    const third = { owner, kid: 'k3', jwk: publicJwkOf(es256Third) }
    expect(await clientKeys.register(third)).toEqual({ ok: false, reason: 'too_many' })
    await clientKeys.retire(owner, 'k1')
    expect(await clientKeys.register(third)).toMatchObject({ ok: true })
  })
})

it('of 40 registrations at once in two processes, of one name, one is done', async () => {
  const { start } = deploy()
  const processes = [start({ maxKeysPerClient: 100 }), start({ maxKeysPerClient: 100 })]
  const results = await Promise.all(
    Array.from({ length: 40 }, async (_, index) => processes[index % 2]?.clientKeys.register({ owner, kid: 'k1', jwk: newJwk() })),
  )
  expect(results.filter((result) => result?.ok)).toHaveLength(1)
  expect(results.filter((result) => result && !result.ok && result.reason === 'kid_taken')).toHaveLength(39)
})

it('of 40 registrations at once in two processes, of 40 names, all are done', async () => {
  const { start } = deploy()
  const processes = [start({ maxKeysPerClient: 100 }), start({ maxKeysPerClient: 100 })]
  const results = await Promise.all(
    Array.from({ length: 40 }, async (_, index) => processes[index % 2]?.clientKeys.register({ owner, kid: `k${index}`, jwk: newJwk() })),
  )
  expect(results.filter((result) => result?.ok)).toHaveLength(40)
  expect(await processes[0]?.clientKeys.list(owner)).toHaveLength(40)
})

it('of two clients that register one key at once, one is done', async () => {
  const { start } = deploy()
  const results = await Promise.all(
    ['client-a', 'client-b'].map((client) => start().clientKeys.register({ owner: client, kid: 'k1', jwk })),
  )
  expect(results.filter(({ ok }) => ok)).toHaveLength(1)
})

it('every registration is an event for audits, refused ones with their reason', async () => {
  const { clientKeys } = deploy().start()
  const events = recorded('countersign:key')
  await clientKeys.register({ owner, kid: 'k1', jwk })
  await clientKeys.register({ owner, kid: 'k1', jwk: publicJwkOf(testKeys.es256Other) })
  await clientKeys.retire(owner, 'k1')
  await clientKeys.retire(owner, 'k9')
  await clientKeys.revoke(owner, 'k1')
  expect(events).toEqual([
    { action: 'register', owner, outcome: 'done', kid: 'k1' },
    { action: 'register', owner, outcome: 'kid_taken', kid: 'k1' },
    { action: 'retire', owner, outcome: 'done', kid: 'k1' },
    { action: 'retire', owner, outcome: 'unknown', kid: 'k9' },
    { action: 'revoke', owner, outcome: 'done', kid: 'k1' },
  ])
})

it('an outage of the store is no refusal', async () => {
  const { start, keys } = deploy()
  const { clientKeys } = start()
  keys.isDown = true
  const calls = [
    clientKeys.register({ owner, kid: 'k1', jwk }),
    clientKeys.retire(owner, 'k1'),
    clientKeys.revoke(owner, 'k1'),
    clientKeys.list(owner),
    clientKeys.find({ clientId: owner, kid: 'k1', algorithm: 'ES256' }),
  ]
  expect(await Promise.all(calls.map(endOf))).toEqual(calls.map(() => 'store_unavailable'))
})
