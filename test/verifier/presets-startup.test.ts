import { createHash, generateKeyPairSync } from 'node:crypto'
import { privateKeyOf, publicJwkOf, publicKeyOf, testKeys } from '@countersign/testkit'
import { cognito, createGuard, jwks, jwksRsa, oidc, signingKeys, staticKeys } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { audience, issuer } from './guard-setup.js'

// What the compiler would refuse is given here on purpose: many hosts are written in JavaScript.
const loose = (make: (options: never) => unknown, options: object): (() => unknown) => {
  return () => make(options as never)
}

const url = 'https://issuer.test/jwks'
const keys = publicJwkOf(testKeys.es256)
const rule = { issuer, algorithms: ['ES256'], audience }
const source = { find: () => undefined, isCurrent: () => true, ready: async () => undefined, close: () => undefined }
const client = { getKeys: async () => [] }

const presets: readonly (readonly [name: string, make: (options: never) => unknown, own: object])[] = [
  ['jwks', jwks, { url }],
  ['oidc', oidc, {}],
  ['staticKeys', staticKeys, { keys }],
  ['signingKeys', signingKeys, { keys: source }],
  ['jwksRsa', jwksRsa, { client }],
]

describe.each(presets)('%s', (_name, make, own) => {
  it('takes these options, so that what follows fails for its own reason', () => {
    expect(loose(make, { ...rule, ...own })).not.toThrow()
  })

  it.each<[string, object]>([
    ['no algorithms', { algorithms: undefined }],
    ['an empty list of algorithms', { algorithms: [] }],
    ['algorithms as a text', { algorithms: 'ES256' }],
    ['HMAC beside asymmetric', { algorithms: ['ES256', 'HS256'] }],
    ['HMAC where keys are public', { algorithms: ['HS256'] }],
    ['an algorithm that is not known', { algorithms: ['ES265'] }],
    ['the algorithm none', { algorithms: ['none'] }],
    ['an algorithm in lower case', { algorithms: ['es256'] }],
    ['no audience', { audience: undefined }],
    ['an empty list of audiences', { audience: [] }],
    ['an empty audience', { audience: '' }],
    ['an empty audience among others', { audience: [audience, ''] }],
    ['an audience that is no text', { audience: 7 }],
    ['no issuer', { issuer: undefined }],
    ['an empty issuer', { issuer: '' }],
    ['an empty list of types', { typ: [] }],
    ['a type that is no text', { typ: 1 }],
    ['a negative tolerance', { clockToleranceSeconds: -1 }],
    ['a tolerance that is no number', { clockToleranceSeconds: '5' }],
    ['a tolerance that is Infinity', { clockToleranceSeconds: Number.POSITIVE_INFINITY }],
    ['a tolerance of more than an hour', { clockToleranceSeconds: 3601 }],
    ['a negative age', { maxAgeSeconds: -1 }],
    ['an age that is NaN', { maxAgeSeconds: Number.NaN }],
    ['a negative future', { maxFutureIssuedSeconds: -1 }],
    ['a schema that is none', { schema: { parse: () => ({}) } }],
    ['scopes that are no function', { scopes: ['read'] }],
  ])('refuses %s', (_what, changes) => {
    expect(loose(make, { ...rule, ...own, ...changes })).toThrow(TypeError)
  })

  it('accepts the visible opt-outs', () => {
    expect(loose(make, { ...rule, ...own, audience: null, typ: null, maxFutureIssuedSeconds: null })).not.toThrow()
  })
})

describe('a list of issuers', () => {
  it.each<[string, readonly unknown[]]>([
    ['an empty list', []],
    ['one twice', [issuer, issuer]],
    ['an empty one', [issuer, '']],
    ['one that is no text', [issuer, null]],
  ])('refuses %s', (_what, list) => {
    expect(loose(jwks, { ...rule, url, issuer: list })).toThrow(TypeError)
  })

  it('is not for oidc, whose metadata names one', () => {
    expect(loose(oidc, { ...rule, issuer: [issuer, 'https://other.test'] })).toThrow(TypeError)
  })
})

describe('the place of remote keys', () => {
  it.each([
    ['http to another host', 'http://issuer.test/jwks'],
    ['a file', 'file:///etc/keys.json'],
    ['data', 'data:application/json,{}'],
    ['credentials in the URL', 'https://user:secret@issuer.test/jwks'],
    ['no URL', 'issuer.test/jwks'],
    ['a host that only begins like loopback', 'http://localhost.evil.test/jwks'],
    ['a host that begins like 127.0.0.1', 'http://127.0.0.1.evil.test/jwks'],
  ])('is not %s', (_what, place) => {
    expect(loose(jwks, { ...rule, url: place })).toThrow(TypeError)
  })

  it('may be http on loopback, and elsewhere where the host opts in', () => {
    for (const place of ['http://127.0.0.1:8080/jwks', 'http://localhost/jwks', 'http://[::1]/jwks'])
      expect(loose(jwks, { ...rule, url: place })).not.toThrow()
    expect(loose(jwks, { ...rule, url: 'http://keys.internal/jwks', allowInsecure: true })).not.toThrow()
  })

  it.each([
    ['minCacheSeconds', 0],
    ['maxCacheSeconds', Number.POSITIVE_INFINITY],
    ['staleIfErrorSeconds', -1],
    ['timeoutSeconds', 0],
    ['minCacheSeconds', 601],
  ])('is not refreshed with %s = %d', (name, value) => {
    expect(loose(jwks, { ...rule, url, [name]: value })).toThrow(TypeError)
  })
})

describe('staticKeys', () => {
  const p1363 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey

  it.each<[string, unknown]>([
    ['a private key', privateKeyOf(testKeys.es256)],
    ['a private JWK', testKeys.es256.jwk],
    ['a private PEM', privateKeyOf(testKeys.es256).export({ format: 'pem', type: 'pkcs8' })],
    ['RSA under 2048 bits', publicJwkOf(testKeys.weakRsa)],
    ['RSA under 2048 bits as PEM', publicKeyOf(testKeys.weakRsa).export({ format: 'pem', type: 'spki' })],
    ['RSA under 2048 bits as KeyObject', publicKeyOf(testKeys.weakRsa)],
    ['RSA under 2048 bits as the only key of a JWK Set', { keys: [publicJwkOf(testKeys.weakRsa)] }],
    ['a curve that no algorithm uses', p1363],
    ['a symmetric key', { kty: 'oct', k: 'c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0' }],
    ['a key for encryption', { ...keys, use: 'enc' }],
    ['a key whose alg does not fit', { ...keys, alg: 'RS256' }],
    ['a JWK Set without keys', { keys: [] }],
    ['an empty list', []],
    ['two keys of one kid', [keys, { ...publicJwkOf(testKeys.es256Other), kid: keys.kid }]],
    ['text that is no PEM', 'secret'],
    ['null', null],
    ['keys that fit none of the algorithms', publicJwkOf(testKeys.rs256)],
  ])('refuses %s', (_what, given) => {
    expect(loose(staticKeys, { ...rule, keys: given })).toThrow(TypeError)
  })

  it('needs keys or secrets, not both and not neither', () => {
    const secrets = { current: { id: 'a', secret: 'x'.repeat(64) } }
    expect(loose(staticKeys, { ...rule })).toThrow(TypeError)
    expect(loose(staticKeys, { ...rule, keys, secrets })).toThrow(TypeError)
    expect(loose(staticKeys, { ...rule, secrets })).toThrow(TypeError)
    expect(loose(staticKeys, { ...rule, algorithms: ['HS256'], keys })).toThrow(TypeError)
    expect(loose(staticKeys, { ...rule, algorithms: ['HS256'], secrets })).not.toThrow()
    expect(loose(staticKeys, { ...rule, algorithms: ['HS256', 'ES256'], secrets })).toThrow(TypeError)
  })
})

describe('an HMAC secret', () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const spki = publicKey.export({ format: 'der', type: 'spki' })
  const pem = publicKey.export({ format: 'pem', type: 'spki' })
  const jwk = publicKey.export({ format: 'jwk' })
  const ecSpki = publicKeyOf(testKeys.es256).export({ format: 'der', type: 'spki' })

  const take = (secret: unknown, algorithms: readonly string[] = ['HS256']): (() => unknown) =>
    loose(staticKeys, { issuer, audience, algorithms, secrets: { current: { id: 'a', secret } } })

  it.each<[string, unknown]>([
    ['SPKI PEM', pem],
    ['SPKI PEM as bytes', Buffer.from(pem)],
    ['SPKI PEM with space around it', `\n  ${String(pem)}  \n`],
    ['PKCS#1 PEM', publicKey.export({ format: 'pem', type: 'pkcs1' })],
    ['a JWK as text', JSON.stringify(jwk)],
    ['a JWK Set as text', JSON.stringify({ keys: [jwk] })],
    ['a JWK of an elliptic curve', JSON.stringify(publicJwkOf(testKeys.es256))],
    ['DER', spki],
    ['PKCS#1 DER', publicKey.export({ format: 'der', type: 'pkcs1' })],
    ['DER of an elliptic curve', ecSpki],
    ['DER in base64', spki.toString('base64')],
    ['DER in base64url', spki.toString('base64url')],
    ['DER in base64 on several lines', spki.toString('base64').replaceAll(/.{64}/g, '$&\n')],
    ['a private PEM', privateKeyOf(testKeys.es256).export({ format: 'pem', type: 'pkcs8' })],
    ['a KeyObject', publicKey],
  ])('is not a public key: %s', (_what, secret) => {
    expect(take(secret)).toThrow(TypeError)
  })

  it('is as long as the longest hash', () => {
    for (const [algorithm, bytes] of [
      ['HS256', 32],
      ['HS384', 48],
      ['HS512', 64],
    ] as const) {
      expect(take('x'.repeat(bytes - 1), [algorithm])).toThrow(TypeError)
      expect(take('x'.repeat(bytes), [algorithm])).not.toThrow()
      // Text counts as its UTF-8 bytes.
      expect(take('é'.repeat(bytes / 2), [algorithm])).not.toThrow()
    }
    expect(take('x'.repeat(63), ['HS256', 'HS512'])).toThrow(TypeError)
  })

  it('has an id of its own', () => {
    const secret = createHash('sha512').update('a').digest()
    const twice = { current: { id: 'a', secret }, previous: [{ id: 'a', secret: createHash('sha512').update('b').digest() }] }
    expect(loose(staticKeys, { issuer, audience, algorithms: ['HS256'], secrets: twice })).toThrow(TypeError)
  })

  it('is judged at the start when it comes from a function, previous ones too', () => {
    const secrets = () => ({ current: { id: 'a', secret: 'x'.repeat(64) }, previous: [{ id: 'b', secret: 'short' }] })
    expect(loose(staticKeys, { issuer, audience, algorithms: ['HS256'], secrets })).toThrow(TypeError)
  })
})

describe('cognito', () => {
  const pool = { userPoolId: 'eu-central-1_Test00000', clientId: 'client' }

  it.each<[string, object]>([
    ['no clientId', { clientId: undefined }],
    ['an empty clientId', { clientId: '' }],
    ['an empty list of clients', { clientId: [] }],
    ['an empty client in a list', { clientId: ['client', ''] }],
    ['no pool', { userPoolId: undefined }],
    ['a pool without its region', { userPoolId: 'Test00000' }],
    ['a pool with a path in it', { userPoolId: 'eu-central-1_Test/../x' }],
    ['a region that is a host', { region: 'evil.test/' }],
    ['an empty list of regions', { region: [] }],
    ['an unknown use', { tokenUse: 'refresh' }],
    ['an endpoint that is http elsewhere', { endpoint: 'http://emulator.internal' }],
    ['an endpoint that is no URL', { endpoint: 'emulator' }],
    ['an issuer without an endpoint', { issuer: 'http://localhost:9229/eu-central-1_Test' }],
    ['an empty issuer', { endpoint: 'http://localhost:9229', issuer: '' }],
    ['one issuer for several regions', { endpoint: 'http://localhost:9229', issuer: 'http://x', region: ['eu-central-1', 'us-east-1'] }],
  ])('refuses %s', (_what, changes) => {
    expect(loose(cognito, { ...pool, ...changes })).toThrow(TypeError)
  })

  it('refuses a region twice, when the guard is made', () => {
    const entry = cognito({ ...pool, region: ['eu-central-1', 'eu-central-1'] })
    expect(() => createGuard({ issuers: { entry } })).toThrow(TypeError)
  })
})

describe('signingKeys and jwksRsa', () => {
  it.each<[string, object]>([
    ['no key source', { keys: undefined }],
    ['a JWK', { keys }],
    ['a source without isCurrent', { keys: { ...source, isCurrent: undefined } }],
    ['a source without ready', { keys: { ...source, ready: undefined } }],
  ])('signingKeys refuses %s', (_what, own) => {
    expect(loose(signingKeys, { ...rule, ...own })).toThrow(TypeError)
  })

  it('jwksRsa refuses what is no client', () => {
    expect(loose(jwksRsa, { ...rule, client: { jwksUri: url } })).toThrow(TypeError)
  })
})
