import { requireAuthentication } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { publicKeyOf, testKeys } from '@countersign/testkit'
import { cognito, createGuard, createSharedRevocations, jwks, staticKeys } from '@countersign/verifier'
import { expect, it } from 'vitest'

// What the compiler would refuse is given here on purpose: many hosts are written in JavaScript.
type Loose = (options: unknown) => unknown
const loose = (make: (options: never) => unknown): Loose => make as Loose

const rule = { issuer: 'https://issuer.test', algorithms: ['ES256'], audience: 'api' }
const remote = { ...rule, url: 'https://issuer.test/jwks' }
const hmac = { ...rule, algorithms: ['HS256'] }
const issuers = {}
const pool = { userPoolId: 'us-east-2_AbCdEfGhI', clientId: 'app' }
const key = { kid: 'a', publicKey: publicKeyOf(testKeys.es256), use: 'sig' }
const { revocations: store } = memoryStores()

it.each<[string, (options: never) => unknown, unknown, string]>([
  [
    'a slip',
    createGuard,
    { issuers, cache: { maxEntires: 5 } },
    'createGuard: unknown option "cache.maxEntires"; did you mean "cache.maxEntries"?',
  ],
  [
    'another slip',
    createGuard,
    { issuers, tokenFrom: { qeury: true } },
    'createGuard: unknown option "tokenFrom.qeury"; did you mean "tokenFrom.query"?',
  ],
  [
    'the wrong place',
    createGuard,
    { issuers, maxEntries: 5 },
    'createGuard: unknown option "maxEntries"; did you mean "cache.maxEntries"?',
  ],
  [
    'another library: clockTolerance',
    jwks,
    { ...remote, clockTolerance: 5 },
    'jwks: unknown option "clockTolerance"; did you mean "clockToleranceSeconds"?',
  ],
  ['another library: jwksUri', jwks, { ...rule, jwksUri: remote.url }, 'jwks: unknown option "jwksUri"; did you mean "url"?'],
  [
    'another library: secret',
    staticKeys,
    { ...hmac, secret: 'x'.repeat(40) },
    'staticKeys: unknown option "secret"; did you mean "secrets"?',
  ],
  ['another spelling', cognito, { ...pool, user_pool_id: 1 }, 'cognito: unknown option "user_pool_id"; did you mean "userPoolId"?'],
  [
    'what is done in another way',
    createGuard,
    { issuers, credentialsRequired: false },
    'createGuard: unknown option "credentialsRequired"; use the requirement optional() on routes that admit requests without a token',
  ],
  [
    'what belongs to an entry',
    createGuard,
    { issuers, audience: 'api' },
    'createGuard: unknown option "audience"; it belongs to the entry of an issuer, for instance jwks({ … })',
  ],
  [
    'nothing like it',
    createGuard,
    { issuers, cache: { colour: 'red' } },
    'createGuard: unknown option "cache.colour"; the options of cache are maxEntries, maxBytes',
  ],
  [
    'within a secret',
    staticKeys,
    { ...hmac, secrets: { current: { id: 'a', secert: 'x'.repeat(40) } } },
    'staticKeys: unknown option "secrets.current.secert"; did you mean "secrets.current.secret"?',
  ],
  [
    'within a named key',
    staticKeys,
    { ...rule, keys: [key] },
    'staticKeys: unknown option "keys[0].use"; the options of keys[0] are kid, publicKey',
  ],
  [
    'of one issuer',
    createSharedRevocations,
    { store, maxStalenessSeconds: 9, onStale: 'refuse', issuers: { 'https://a.test': { allowTokenLifetimeUnder: 1 } } },
    'createSharedRevocations: unknown option "issuers[\\"https://a.test\\"].allowTokenLifetimeUnder"; did you mean "issuers[\\"https://a.test\\"].allowTokenLifetimeUnderSeconds"?',
  ],
  [
    'a secret without its id',
    staticKeys,
    { ...hmac, secrets: 'x'.repeat(40) },
    'staticKeys: secrets must be { current: { id, secret }, previous: [{ id, secret }] } or a function that returns them, got a string of 40 characters',
  ],
  [
    'a secret that is a number',
    staticKeys,
    { ...hmac, secrets: { current: { id: 'a', secret: 271828 } } },
    'staticKeys: secrets.current.secret must be a string or bytes, got a number',
  ],
  [
    'a wrong choice',
    jwks,
    { ...remote, algorithms: ['ES265'] },
    'jwks: algorithms[0] must be one of "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519", "HS256", "HS384" or "HS512", got "ES265"; did you mean "ES256"?',
  ],
  [
    'a number out of the environment',
    createGuard,
    { issuers, maxTokenBytes: '8192' },
    'createGuard: maxTokenBytes must be an integer, 1 or more, got "8192"',
  ],
  [
    'a flag out of the environment',
    cognito,
    { ...pool, allowInsecure: 'true' },
    'cognito: allowInsecure must be true or false, got "true"',
  ],
  [
    'a number out of range',
    jwks,
    { ...remote, clockToleranceSeconds: 3601 },
    'jwks: clockToleranceSeconds must be a number of seconds, from 0 to 3600, got 3601',
  ],
  [
    'a plain object in place of an entry',
    createGuard,
    { issuers: { partner: remote } },
    'createGuard: issuers.partner must be an entry made by a preset (jwks, oidc, cognito, staticKeys, signingKeys, jwksRsa, introspection or apiKeys), got an object',
  ],
  [
    'what is missing',
    jwks,
    { ...remote, audience: undefined },
    'jwks: audience must be a non-empty string, or a non-empty array of such strings, or null, which turns the check off, got undefined',
  ],
  ['no options', requireAuthentication, null, 'requireAuthentication: the options must be an object, got null'],
  ['a list of options', memoryStores, [], 'memoryStores: the options must be an object, got an empty array'],
])('%s', (_what, make, options, message) => {
  expect(() => loose(make)(options)).toThrow(new TypeError(message))
})

it('a name that every object has is no option, and none that a library put there is the host’s', () => {
  expect(() => loose(createGuard)({ issuers, constructor: 1 })).toThrow('createGuard: unknown option "constructor"; ')
  expect(() => loose(createGuard)({ issuers, cache: { hasOwnProperty: 1 } })).toThrow('unknown option "cache.hasOwnProperty"; ')
})

it('a name that is long is cut', () => {
  const error = (): unknown => loose(createGuard)({ issuers, ['x'.repeat(10_000)]: 1 })
  expect(error).toThrow(`unknown option "${'x'.repeat(64)}…"; the options are issuers, `)
})

it('names that a host may choose are free: of issuers, and of the members of a JWK', () => {
  const jwk = { ...testKeys.es256.jwk, d: undefined, 'x-owner': 'us' }
  expect(() =>
    loose(createGuard)({
      issuers: { constructor: jwks(remote as never), 'b c': staticKeys({ ...rule, keys: jwk, issuer: 'b' } as never) },
    }),
  ).not.toThrow()
})
