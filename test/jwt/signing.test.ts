import { createSecretKey, generateKeyPairSync } from 'node:crypto'
import type { Signer } from '@countersign/core'
import {
  algorithms,
  createSigner,
  importJwk,
  importSecret,
  isHmac,
  jwkThumbprint,
  type ParsedClaims,
  parseClaims,
  parseJws,
  type SignerOptions,
  signJwt,
  verifySignature,
} from '@countersign/jwt'
import { describe, expect, test } from 'vitest'
import { jwkFor, pairFor, sampleSecret } from './sample-keys.js'

const es256 = createSigner({ key: pairFor('ES256').privateKey, algorithm: 'ES256', kid: 'k' })

function read(token: string): { header: Readonly<Record<string, unknown>>; claims: ParsedClaims } {
  const outcome = parseJws(token, { maxBytes: 65_536 })
  if (!outcome.ok) throw new Error(outcome.refusal.reason)
  const claims = parseClaims(outcome.jws)
  if (!claims.ok) throw new Error(claims.refusal.reason)
  return { header: outcome.jws.header, claims: claims.claims }
}

describe('a signer', () => {
  test.each(algorithms)('of %s makes what its key verifies, on the thread pool and off it', async (algorithm) => {
    for (const threadPool of [true, false]) {
      const key = isHmac(algorithm) ? sampleSecret : pairFor(algorithm).privateKey
      const signer = createSigner({ key, algorithm, kid: 'k', threadPool })
      const outcome = parseJws(await signJwt({ sub: 'a' }, { signer, typ: 'JWT' }))
      const imported = isHmac(algorithm) ? importSecret(sampleSecret, { algorithms: [algorithm] }) : importJwk(jwkFor(algorithm))
      expect(outcome.ok && imported.ok && verifySignature(outcome.jws, imported.key)).toBe(true)
    }
  })

  test('is named by the thumbprint of its key where nobody names it', () => {
    const { privateKey } = pairFor('EdDSA')
    expect(createSigner({ key: privateKey, algorithm: 'EdDSA' }).kid).toBe(jwkThumbprint(privateKey))
  })

  test('takes PKCS#8 PEM', () => {
    const key = pairFor('ES384').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    expect(createSigner({ key, algorithm: 'ES384' }).kid).toBe(jwkThumbprint(pairFor('ES384').publicKey))
  })

  test('signs with RSA on the thread pool, so that the event loop goes on', () => {
    const { privateKey } = pairFor('RS256')
    expect(createSigner({ key: privateKey, algorithm: 'RS256' }).sign(Buffer.from('x'))).toBeInstanceOf(Promise)
    expect(es256.sign(Buffer.from('x'))).toBeInstanceOf(Uint8Array)
  })

  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
  test.each<[string, SignerOptions]>([
    ['a public key', { key: pairFor('ES256').publicKey, algorithm: 'ES256' }],
    ['a public key in PEM', { key: pairFor('ES256').publicKey.export({ type: 'spki', format: 'pem' }).toString(), algorithm: 'ES256' }],
    ['a key of another curve', { key: pairFor('ES384').privateKey, algorithm: 'ES256' }],
    ['a key of another type', { key: pairFor('ES384').privateKey, algorithm: 'RS256' }],
    ['a weak key', { key: weak, algorithm: 'RS256' }],
    ['bytes for a key pair', { key: sampleSecret, algorithm: 'ES256' }],
    ['an unknown algorithm', { key: pairFor('ES256').privateKey, algorithm: 'none' as 'ES256' }],
    ['a secret without a kid', { key: sampleSecret, algorithm: 'HS256' }],
    ['a short secret', { key: sampleSecret.subarray(0, 63), algorithm: 'HS512', kid: 'k' }],
    ['a short secret KeyObject', { key: createSecretKey(sampleSecret.subarray(0, 31)), algorithm: 'HS256', kid: 'k' }],
    ['a private key as a secret', { key: pairFor('RS256').privateKey, algorithm: 'HS256', kid: 'k' }],
    ['a public key as a secret', { key: pairFor('RS256').publicKey.export({ type: 'spki', format: 'der' }), algorithm: 'HS256', kid: 'k' }],
    ['text as a secret', { key: 's'.repeat(64), algorithm: 'HS256', kid: 'k' }],
  ])('is not made of %s', (_, options) => {
    expect(() => createSigner(options)).toThrow(Error)
  })
})

describe('a signed JWT', () => {
  test('says what it was given, with its type and the name of its key', async () => {
    const claims = { iss: 'https://a.example', sub: 'Zoë', exp: 2_000_000_000, nested: { list: [1, 'a', null] }, left: undefined }
    const { header, claims: said } = read(await signJwt(claims, { signer: es256, typ: 'at+jwt', header: { x5t: 'abc' } }))
    expect(header).toMatchObject({ alg: 'ES256', typ: 'at+jwt', kid: 'k', x5t: 'abc' })
    expect({ ...said }).toEqual({ iss: 'https://a.example', sub: 'Zoë', exp: 2_000_000_000, nested: { list: [1, 'a', null] } })
  })

  test('may leave the name of its key out', async () => {
    const { header } = read(await signJwt({}, { signer: es256, typ: 'JWT', omitKid: true }))
    expect('kid' in header).toBe(false)
  })

  test.each(['alg', 'typ', 'kid', 'crit', 'b64', 'zip'])('lets nobody set the header member %s', async (name) => {
    await expect(signJwt({}, { signer: es256, typ: 'JWT', header: { [name]: 'x' } })).rejects.toThrow(TypeError)
  })

  test.each([{ exp: Number.NaN }, { exp: Number.POSITIVE_INFINITY }, { nbf: '1' }, { iat: null }, []])(
    'is not made of %j',
    async (claims) => {
      await expect(signJwt(claims, { signer: es256, typ: 'JWT' })).rejects.toThrow(TypeError)
    },
  )

  const deep = JSON.parse('{"a":'.repeat(16) + '1' + '}'.repeat(16)) as object
  test.each<readonly [what: string, claims: object, message: RegExp]>([
    ['an integer beyond 2^53 - 1', { uid: 2 ** 53 }, /^signJwt: claims\.uid must be a string, or an integer .* 2\^53 - 1, got /],
    ['one in a list within', { account: { ids: [1, -(2 ** 60)] } }, /^signJwt: claims\.account must be /],
    ['an unpaired surrogate', { name: 'a\ud800' }, /^signJwt: claims must be .* unpaired surrogate$/],
    ['a name that needs an escape', { 'a"b': 1 }, /^signJwt: claims must be .* escape$/],
    ['17 levels', { deep }, /^signJwt: claims must be .* deeper than 16/],
    [
      '1001 members',
      Object.fromEntries(Array.from({ length: 1001 }, (_, at) => [`n${at}`, 1])),
      /^signJwt: claims must be .* 1000 members/,
    ],
  ])('that every verifier would refuse is not signed: %s', async (_, claims, message) => {
    const error: unknown = await signJwt(claims, { signer: es256, typ: 'JWT' }).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(TypeError)
    expect((error as TypeError).message).toMatch(message)
  })

  test('may be at every bound', async () => {
    const claims = {
      uid: Number.MAX_SAFE_INTEGER,
      low: Number.MIN_SAFE_INTEGER,
      name: '\ud83d\ude00',
      deep: JSON.parse('{"a":'.repeat(15) + '1' + '}'.repeat(15)) as object,
      many: Object.fromEntries(Array.from({ length: 980 }, (_, at) => [`n${at}`, 1])),
    }
    expect({ ...read(await signJwt(claims, { signer: es256, typ: 'JWT' })).claims }).toEqual(claims)
  })

  test('can be signed elsewhere: a signer is any object with the contract', async () => {
    const remote: Signer = { kid: 'kms', algorithm: 'ES256', sign: async (data) => new Uint8Array(await es256.sign(data)) }
    const token = await signJwt({ sub: 'a' }, { signer: remote, typ: 'JWT' })
    const outcome = parseJws(token)
    const imported = importJwk(jwkFor('ES256'))
    expect(outcome.ok && imported.ok && verifySignature(outcome.jws, imported.key)).toBe(true)
  })

  test('fails with the cause when its signer fails', async () => {
    const broken: Signer = { kid: 'k', algorithm: 'ES256', sign: () => Promise.reject(new Error('out of reach')) }
    await expect(signJwt({}, { signer: broken, typ: 'JWT' })).rejects.toThrow('out of reach')
  })
})
