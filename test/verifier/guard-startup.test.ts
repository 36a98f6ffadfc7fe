import { createGuard, createVerifier } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { entryOf, issuer } from './guard-setup.js'

// What the compiler would refuse is given here on purpose: many hosts are written in JavaScript.
const loose = (make: (options: never) => unknown, options: object): (() => unknown) => {
  return () => make(options as never)
}

describe('createGuard', () => {
  const issuers = { main: entryOf() }
  const tenants = { via: 'tenant', prefixes: ['https://login.test/'], resolve: async () => undefined }

  it.each<[string, object]>([
    ['no issuers', {}],
    ['an issuer twice', { issuers: { a: entryOf(), b: entryOf() } }],
    ['an entry that no preset made', { issuers: { a: { issuer, jwksUri: 'https://issuer.test/jwks' } } }],
    ['an entry that is missing', { issuers: { a: undefined } }],
    ['a realm with a line break', { issuers, realm: 'api\r\nset-cookie: x' }],
    ['a realm beyond ASCII', { issuers, realm: 'é' }],
    ['an empty realm', { issuers, realm: '' }],
    ['a realm that is no text', { issuers, realm: 7 }],
    ['metadata without resource', { issuers, metadata: {} }],
    ['a resource with a fragment', { issuers, resource: 'https://api.test/#x' }],
    ['a resource with an empty fragment', { issuers, resource: 'https://api.test/#' }],
    ['a resource with credentials', { issuers, resource: 'https://user:secret@api.test/' }],
    ['a resource that is no URL', { issuers, resource: 'api' }],
    ['a resource that is no http URL', { issuers, resource: 'urn:api' }],
    ['a token size of 0', { issuers, maxTokenBytes: 0 }],
    ['a token size that is no number', { issuers, maxTokenBytes: '8k' }],
    ['a cache of one entry', { issuers, cache: { maxEntries: 1 } }],
    ['a cache without bound', { issuers, cache: { maxBytes: Number.POSITIVE_INFINITY } }],
    ['revocations without check', { issuers, revocations: {} }],
    ['a dialect without refusal', { issuers, dialect: {} }],
    ['a clock that is none', { issuers, now: 5 }],
    ['tenants without via', { issuers, resolveIssuer: { ...tenants, via: undefined } }],
    ['tenants under an empty name', { issuers, resolveIssuer: { ...tenants, via: '' } }],
    ['tenants without resolve', { issuers, resolveIssuer: { ...tenants, resolve: undefined } }],
    ['tenants under the name of an entry', { issuers, resolveIssuer: { ...tenants, via: 'main' } }],
    ['tenants with neither prefixes nor issuers', { issuers, resolveIssuer: { ...tenants, prefixes: [] } }],
    ['a prefix without the slash after the host', { issuers, resolveIssuer: { ...tenants, prefixes: ['https://login.test'] } }],
    ['a prefix of a host only in part', { issuers, resolveIssuer: { ...tenants, prefixes: ['https://login.'] } }],
    ['a prefix over http', { issuers, resolveIssuer: { ...tenants, prefixes: ['http://login.test/'] } }],
    ['a prefix with user information', { issuers, resolveIssuer: { ...tenants, prefixes: ['https://a@login.test/'] } }],
    ['a prefix that is no URL', { issuers, resolveIssuer: { ...tenants, prefixes: ['login.test/'] } }],
    ['a prefix that leads elsewhere', { issuers, resolveIssuer: { ...tenants, prefixes: ['https://login.test/a/../b/'] } }],
    ['a prefix with a query', { issuers, resolveIssuer: { ...tenants, prefixes: ['https://login.test/a?b='] } }],
    ['a place of tokens that is neither on nor off', { issuers, tokenFrom: { query: 'false' } }],
    ['an empty prefix', { issuers, resolveIssuer: { ...tenants, prefixes: [''] } }],
    ['prefixes as a text', { issuers, resolveIssuer: { ...tenants, prefixes: 'https://login.test/' } }],
    ['issuers of tenants as a text', { issuers, resolveIssuer: { ...tenants, prefixes: [], issuers: 'https://login.test/a' } }],
    ['an empty issuer of tenants', { issuers, resolveIssuer: { ...tenants, prefixes: [], issuers: [''] } }],
    ['no room for tenants', { issuers, resolveIssuer: { ...tenants, maxIssuers: 0 } }],
    ['a negative life of tenants', { issuers, resolveIssuer: { ...tenants, maxCacheSeconds: -1 } }],
    ['a life of tenants that is NaN', { issuers, resolveIssuer: { ...tenants, negativeCacheSeconds: Number.NaN } }],
  ])('refuses %s', (_what, options) => {
    expect(loose(createGuard, options)).toThrow(TypeError)
  })

  it('refuses the same at createVerifier, as far as it has the option', () => {
    expect(loose(createVerifier, { issuers: { a: entryOf(), b: entryOf() } })).toThrow(TypeError)
    expect(loose(createVerifier, {})).toThrow(TypeError)
  })

  it('takes two issuers that differ in a trailing slash for two', () => {
    expect(loose(createGuard, { issuers: { a: entryOf(), b: entryOf({ issuer: `${issuer}/` }) } })).not.toThrow()
  })
})

describe('an option that is none', () => {
  const issuers = {}

  it.each(['revocation', 'audience', 'clockTolerance', 'caches'])('%s is told by name, in a guard and in a verifier', (name) => {
    const misspelt = { issuers, [name]: undefined }
    expect(() => createGuard(misspelt)).toThrow(`createGuard: unknown option "${name}"; `)
    expect(() => createVerifier(misspelt)).toThrow(`createVerifier: unknown option "${name}"; `)
  })

  it('an option of a guard is none of a verifier', () => {
    expect(() => createVerifier({ issuers, realm: 'api' } as never)).toThrow(TypeError)
  })
})
