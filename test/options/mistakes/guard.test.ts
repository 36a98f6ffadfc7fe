import { memoryStores } from '@countersign/core/memory'
import * as verifier from '@countersign/verifier'
import { itTells, loose } from './mistake.js'

const createGuard = loose(verifier.createGuard)
const createVerifier = loose(verifier.createVerifier)
const createSharedRevocations = loose(verifier.createSharedRevocations)
const requireAuthentication = loose(verifier.requireAuthentication)

const rule = { issuer: 'https://issuer.test', algorithms: ['ES256'] as const, audience: 'api' }
const partner = verifier.jwks({ ...rule, url: 'https://issuer.test/jwks' })
const issuers = { partner }
const resolveIssuer = { via: 'tenant', prefixes: ['https://login.test/'], resolve: async () => undefined }
const { revocations: store } = memoryStores()
const view = { store, maxStalenessSeconds: 10, onStale: 'refuse' }

itTells([
  ['no options', () => createGuard(), 'createGuard: issuers must be an object of issuer entries by their names, got undefined'],
  [
    'options that are a string',
    () => createGuard('https://issuer.test'),
    'createGuard: the options must be an object, got a string of 19 characters',
  ],
  [
    'no issuers',
    () => createGuard({ issuers: undefined }),
    'createGuard: issuers must be an object of issuer entries by their names, got undefined',
  ],
  [
    'a list of issuers',
    () => createGuard({ issuers: [partner] }),
    'createGuard: issuers must be an object of issuer entries by their names, got an array',
  ],
  [
    'a preset that was not called',
    () => createGuard({ issuers: { partner: verifier.jwks } }),
    'createGuard: issuers.partner must be an entry made by a preset (jwks, oidc, cognito, staticKeys, signingKeys, jwksRsa, introspection or apiKeys), got a function',
  ],
  [
    'a URL in place of an entry',
    () => createGuard({ issuers: { partner: 'https://issuer.test' } }),
    'createGuard: issuers.partner must be an entry made by a preset (jwks, oidc, cognito, staticKeys, signingKeys, jwksRsa, introspection or apiKeys), got a string of 19 characters',
  ],
  [
    'one iss in two entries',
    () => createGuard({ issuers: { partner, other: partner } }),
    'createGuard: issuers must not have an iss twice, got "https://issuer.test" in "partner" and in "other"',
  ],
  [
    'the same for a verifier',
    () => createVerifier({ issuers: { partner, other: partner } }),
    'createVerifier: issuers must not have an iss twice, got "https://issuer.test" in "partner" and in "other"',
  ],
  [
    'a resource without a scheme',
    () => createGuard({ issuers, resource: 'api.example' }),
    'createGuard: resource must be an absolute URL with https or http, got "api.example"',
  ],
  [
    'a resource with a password',
    () => createGuard({ issuers, resource: 'https://me:Zq7Zq7@api.example' }),
    'createGuard: resource must not have a user name or password, because every challenge names it, got them in https://api.example/',
  ],
  [
    'a resource with a fragment',
    () => createGuard({ issuers, resource: 'https://api.example/#v1' }),
    'createGuard: resource must not have a fragment (RFC 8707 §2), got one in https://api.example/',
  ],
  [
    'metadata without a resource',
    () => createGuard({ issuers, metadata: {} }),
    'createGuard: resource must be given with metadata, got undefined',
  ],
  [
    'a realm with a line break',
    () => createGuard({ issuers, realm: 'a\nb' }),
    'createGuard: realm must be printable ASCII, got a string of 3 characters',
  ],
  [
    'scopes as a string',
    () => createGuard({ issuers, metadata: { scopesSupported: 'read' } }),
    'createGuard: metadata.scopesSupported must be an array, each item a non-empty string, got a string of 4 characters; one item must be in an array, too',
  ],
  [
    'a cache that is turned on',
    () => createGuard({ issuers, cache: true }),
    'createGuard: cache must be false or an object (optional: maxEntries, maxBytes), got true',
  ],
  [
    'an empty cache',
    () => createGuard({ issuers, cache: { maxEntries: 0 } }),
    'createGuard: cache.maxEntries must be an integer, 2 or more, got 0',
  ],
  [
    'half a byte',
    () => createGuard({ issuers, maxTokenBytes: 8192.5 }),
    'createGuard: maxTokenBytes must be an integer, 1 or more, got 8192.5',
  ],
  ['a date in place of a clock', () => createGuard({ issuers, now: new Date(0) }), 'createGuard: now must be a function, got an object'],
  [
    'a list of revoked ids',
    () => createGuard({ issuers, revocations: ['jti-1'] }),
    'createGuard: revocations must be a view of revocations, for instance what createSharedRevocations returns, got an array',
  ],
  [
    'a name for a token place',
    () => createGuard({ issuers, tokenFrom: 'cookie' }),
    'createGuard: tokenFrom must be an object (optional: header, cookie, query, body), got a string of 6 characters',
  ],
  [
    'the name of a dialect',
    () => createGuard({ issuers, dialect: 'fastapi' }),
    'createGuard: dialect must be a dialect: an object with refusal(), got a string of 7 characters',
  ],
  [
    'tenants without a name',
    () => createGuard({ issuers, resolveIssuer: { ...resolveIssuer, via: undefined } }),
    'createGuard: resolveIssuer.via must be a non-empty string, got undefined',
  ],
  [
    'tenants under the name of an entry',
    () => createGuard({ issuers, resolveIssuer: { ...resolveIssuer, via: 'partner' } }),
    'createGuard: resolveIssuer.via must not be a name in issuers, got "partner"',
  ],
  [
    'tenants that match nothing',
    () => createGuard({ issuers, resolveIssuer: { ...resolveIssuer, prefixes: [] } }),
    'createGuard: resolveIssuer.prefixes or resolveIssuer.issuers must have at least one item, got none',
  ],
  [
    'a prefix without the slash after the host',
    () => createGuard({ issuers, resolveIssuer: { ...resolveIssuer, prefixes: ['https://login.test'] } }),
    'createGuard: resolveIssuer.prefixes[0] must be an https URL with at least the / after the host, got "https://login.test"',
  ],
  [
    'a prefix with http',
    () => createVerifier({ issuers, resolveIssuer: { ...resolveIssuer, prefixes: ['http://login.test/'] } }),
    'createVerifier: resolveIssuer.prefixes[0] must be an https URL with at least the / after the host, got "http://login.test/"',
  ],
  [
    'a prefix with a query',
    () => createVerifier({ issuers, resolveIssuer: { ...resolveIssuer, prefixes: ['https://login.test/?a'] } }),
    'createVerifier: resolveIssuer.prefixes[0] must be a URL in its normal form, without query and fragment, got "https://login.test/?a"',
  ],
  [
    'no prefix at all',
    () => createGuard({ issuers, resolveIssuer: { ...resolveIssuer, prefixes: ['login'] } }),
    'createGuard: resolveIssuer.prefixes[0] must be an https URL, got "login"',
  ],

  [
    'no store',
    () => createSharedRevocations({ ...view, store: undefined }),
    'createSharedRevocations: store must be a RevocationStore, for instance stores.revocations, got undefined',
  ],
  [
    'all stores in place of one',
    () => createSharedRevocations({ ...view, store: memoryStores() }),
    'createSharedRevocations: store must be a RevocationStore, for instance stores.revocations, got an object',
  ],
  [
    'no staleness',
    () => createSharedRevocations({ ...view, maxStalenessSeconds: 0 }),
    'createSharedRevocations: maxStalenessSeconds must be a number of seconds, more than 0, got 0',
  ],
  [
    'a misspelt choice',
    () => createSharedRevocations({ ...view, onStale: 'deny' }),
    'createSharedRevocations: onStale must be "refuse" or "allow" or an object with allowTokenLifetimeUnderSeconds, got "deny"',
  ],
  [
    'polls that are too rare',
    () => createSharedRevocations({ ...view, pollSeconds: 10 }),
    'createSharedRevocations: pollSeconds must be less than maxStalenessSeconds (10), got 10',
  ],
  [
    'a misspelt consistency',
    () => createSharedRevocations({ ...view, consistency: 'stronk' }),
    'createSharedRevocations: consistency must be "eventual" or "strong", got "stronk"; did you mean "strong"?',
  ],

  ['no scopes', () => loose(verifier.requireScopes)(), 'requireScopes: scopes must be one or more, got none'],
  [
    'scopes in one string',
    () => loose(verifier.requireScopes)('read write'),
    'requireScopes: each scope must be one scope-token (RFC 6749 §3.3), without spaces, got "read write"',
  ],
  [
    'scopes in a list',
    () => loose(verifier.requireAnyScope)(['read', 'write']),
    'requireAnyScope: each scope must be one scope-token (RFC 6749 §3.3), without spaces, got a value that is not a string',
  ],
  ['neither acr nor age', () => requireAuthentication({}), 'requireAuthentication: acr or maxAgeSeconds must be given, got neither'],
  [
    'acr with a space',
    () => requireAuthentication({ acr: 'level 2' }),
    'requireAuthentication: acr must be printable ASCII without space, quote and backslash, got "level 2"',
  ],
  [
    'an age that is a string',
    () => requireAuthentication({ maxAgeSeconds: '300' }),
    'requireAuthentication: maxAgeSeconds must be an integer of seconds, 0 or more, got "300"',
  ],
  ['no test', () => loose(verifier.requireClaims)({ role: 'admin' }), 'requireClaims: test must be a function, got an object'],
  ['no names', () => loose(verifier.fromIssuers)(), 'fromIssuers: names must be one or more, got none'],
])
