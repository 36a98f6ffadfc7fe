import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createKeySet, createSigner, importJwk, jwkThumbprint, selectKey, signJwt } from '@countersign/jwt'
import { createFakeIssuer, publicJwkOf, publicKeyOf, testKeys } from '@countersign/testkit'
import { createGuard, jwks, oidc, type PublicKeyInput, signingKeys } from '@countersign/verifier'
import { describe, expect, it, onTestFinished } from 'vitest'
import { answerTo, audience, claimsOf, entryOf, issuer, startGuard, tokenOf } from './guard-setup.js'

const { es256 } = testKeys
const jwk = publicJwkOf(es256)
const keyObject = publicKeyOf(es256)
const pem = keyObject.export({ format: 'pem', type: 'spki' }).toString()
const thumbprint = jwkThumbprint(keyObject)

// Self-signed, for the public half of testKeys.es256; its dates are not looked at.
const certificate = `-----BEGIN CERTIFICATE-----
MIIBczCCARmgAwIBAgIUNCTtkHg+CYUKzKP/p/TkBplnS2AwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEdGVzdDAeFw0yNjExMjIxNTM3NDZaFw0yNjExMjMxNTM3NDZa
MA8xDTALBgNVBAMMBHRlc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQfLsYd
gJVYNaTmuwWHF07Pp7vmCtqgwmIeqfT9FIhEiSEOqaR3Vv3mP9UmG5+8mgKwfltn
yXThMVIAhAYWgarro1MwUTAdBgNVHQ4EFgQUAuoyO6MtDIJlvZur2AMkAeBDoKgw
HwYDVR0jBBgwFoAUAuoyO6MtDIJlvZur2AMkAeBDoKgwDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNIADBFAiEA7xNeKilFnWSKvBzczXMiCefDSS2qDD7IFVN0
kYPGOXwCIF16MwY50jRgTzwd57WCo4TXyw65Or1uCVRdTVAKFUaA
-----END CERTIFICATE-----`

const answerWith = async (keys: PublicKeyInput | readonly PublicKeyInput[], header: Record<string, unknown> = {}): Promise<string> => {
  const { guard } = startGuard({ issuers: { main: entryOf({ keys }) } })
  return answerTo(guard, await tokenOf({}, header))
}

describe('staticKeys', () => {
  it.each<[string, PublicKeyInput | readonly PublicKeyInput[]]>([
    ['a JWK', jwk],
    ['a JWK Set', { keys: [jwk] }],
    ['a JWK Set of several', { keys: [publicJwkOf(testKeys.rs256), jwk, publicJwkOf(testKeys.es256Other)] }],
    ['a list of JWKs', [publicJwkOf(testKeys.es256Other), jwk]],
    ['a list of everything', [publicJwkOf(testKeys.rs256), { keys: [jwk] }, publicKeyOf(testKeys.es256Other)]],
    ['a PEM under a name', { kid: es256.kid, publicKey: pem }],
    ['a KeyObject under a name', { kid: es256.kid, publicKey: keyObject }],
    ['a certificate under a name', { kid: es256.kid, publicKey: certificate }],
  ])('takes %s', async (_what, keys) => {
    expect(await answerWith(keys)).toBe('200 main')
  })

  it.each<[string, PublicKeyInput]>([
    ['a PEM', pem],
    ['a certificate', certificate],
    ['a KeyObject', keyObject],
  ])('takes %s, which is then known by its thumbprint', async (_what, keys) => {
    expect(await answerWith(keys, { kid: undefined })).toBe('200 main')
    expect(await answerWith(keys, { kid: thumbprint })).toBe('200 main')
    expect(await answerWith(keys)).toBe('401 unknown_key')
  })

  it('tries a token without kid against every key that fits its algorithm', async () => {
    expect(await answerWith([jwk, publicJwkOf(testKeys.rs256)], { kid: undefined })).toBe('200 main')
    expect(await answerWith([publicJwkOf(testKeys.es256Other), jwk], { kid: undefined })).toBe('200 main')
    expect(
      await answerWith(
        [testKeys.es256Other, testKeys.es256Third].map((key) => publicJwkOf(key)),
        { kid: undefined },
      ),
    ).toBe('401 signature')
  })

  it('never tries another key than the one that the token names', async () => {
    expect(await answerWith(jwk, { kid: 'other' })).toBe('401 unknown_key')
    expect(await answerWith([jwk, publicJwkOf(testKeys.es256Other)], { kid: testKeys.es256Other.kid })).toBe('401 signature')
  })

  it('believes the algorithms of the rule only', async () => {
    const { guard } = startGuard({ issuers: { main: entryOf({ algorithms: ['ES384', 'ES256'] }) } })
    expect(await answerTo(guard, await tokenOf())).toBe('200 main')
    const keys = [jwk, publicJwkOf(testKeys.rs256)]
    const strict = startGuard({ issuers: { main: entryOf({ keys }) } })
    expect(await answerTo(strict.guard, await tokenOf({}, {}, testKeys.rs256))).toBe('401 algorithm')
  })

  it.each(['EdDSA', 'Ed25519'] as const)('takes %s for the one algorithm that has both names', async (algorithm) => {
    for (const alg of ['EdDSA', 'Ed25519']) {
      const keys = publicJwkOf(testKeys.eddsa, { alg })
      const { guard } = startGuard({ issuers: { main: entryOf({ keys, algorithms: [algorithm] }) } })
      expect(await answerTo(guard, await tokenOf({}, {}, testKeys.eddsa))).toBe('200 main')
    }
  })
})

describe('signingKeys', () => {
  const sourceOf = (key: KeyObject) => {
    const imported = importJwk({ ...key.export({ format: 'jwk' }), kid: 'own' })
    if (!imported.ok) throw new TypeError(imported.reason)
    const set = createKeySet([imported.key])
    return {
      find: (query: never) => ({ key: selectKey(set, query), set }),
      isCurrent: () => true,
      ready: async () => undefined,
      close: () => undefined,
    }
  }

  it('takes at+jwt from its key source, and no other type unless told', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
    const own = { issuer, audience, algorithms: ['ES256'], keys: sourceOf(publicKey) } as const
    const signer = createSigner({ key: privateKey, algorithm: 'ES256', kid: 'own' })
    const { guard } = startGuard({
      issuers: { own: signingKeys(own), loose: signingKeys({ ...own, issuer: 'https://b.test', typ: null }) },
    })
    expect(await answerTo(guard, await signJwt(claimsOf(), { signer, typ: 'at+jwt' }))).toBe('200 own')
    expect(await answerTo(guard, await signJwt(claimsOf(), { signer, typ: 'JWT' }))).toBe('401 token_type')
    expect(await answerTo(guard, await signJwt(claimsOf({ iss: 'https://b.test' }), { signer, typ: 'JWT' }))).toBe('200 loose')
  })
})

describe('oidc and jwks', () => {
  it('find the keys of an issuer by its metadata, with a path or without', async () => {
    for (const path of ['', '/realms/a']) {
      const fake = await createFakeIssuer({ audience, path })
      onTestFinished(() => fake.close())
      const entry = oidc({ issuer: fake.issuer, audience, algorithms: ['ES256'] })
      const guard = createGuard({ issuers: { entry } })
      expect(await answerTo(guard, await fake.token())).toBe('200 entry')
      expect(fake.fetches).toEqual({ jwks: 1, discovery: 1 })
    }
  })

  it('may have several exact issuers with one set of keys', async () => {
    const others = ['https://sts.test/tenant/', 'https://login.test/tenant/v2.0']
    const fake = await createFakeIssuer({ audience })
    onTestFinished(() => fake.close())
    const entry = jwks({ issuer: others, url: fake.jwksUrl, audience, algorithms: ['ES256'] })
    const guard = createGuard({ issuers: { entry } })
    for (const iss of others) expect(await answerTo(guard, await fake.token({ claims: { iss } }))).toBe('200 entry')
    expect(await answerTo(guard, await fake.token())).toBe('401 unknown_issuer')
    expect(await answerTo(guard, await fake.token({ claims: { iss: others } }))).toBe('401 claims')
    expect(fake.fetches.jwks).toBe(1)
  })
})
