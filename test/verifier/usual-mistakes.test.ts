import { publicKeyOf, testKeys } from '@countersign/testkit'
import { createGuard, jwks, staticKeys } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { audience, entryOf, issuer } from './guard-setup.js'

// What the compiler would refuse is given here on purpose: many hosts are written in JavaScript.
type Loose = (options: unknown) => unknown
const [guard, remote, local] = [createGuard, jwks, staticKeys] as unknown as [Loose, Loose, Loose]

const rule = { issuer, algorithms: ['ES256'], audience }
const hmac = { ...rule, algorithms: ['HS256'] }
const pem = String(publicKeyOf(testKeys.es256).export({ format: 'pem', type: 'spki' }))
const issuers = { main: entryOf() }

describe('a message at start-up names what was given wrong', () => {
  it.each<[string, () => unknown, RegExp]>([
    ['a url that is missing', () => remote(rule), /^jwks: url/],
    ['options that are missing', () => remote(undefined), /^jwks: issuer must be .*, got undefined$/],
    [
      'a url without scheme',
      () => remote({ ...rule, url: 'keycloak:8080' }),
      /^jwks: url must be https, or http on loopback, got keycloak:\/\//,
    ],
    ['a url without host', () => remote({ ...rule, url: '/jwks' }), /^jwks: url must be an absolute URL, got "\/jwks"/],
    [
      'http to another container',
      () => remote({ ...rule, url: 'http://keycloak:8080/certs' }),
      /http:\/\/keycloak:8080; with allowInsecure/,
    ],
    ['a JWK as text', () => local({ ...rule, keys: JSON.stringify(testKeys.es256.jwk) }), /PEM.*object/],
    ['PEM of one line', () => local({ ...rule, keys: pem.replaceAll('\n', '\\n') }), /line breaks/],
    ['a key of another type', () => local({ ...rule, algorithms: ['RS256'], keys: pem }), /RS256/],
    ['a secret as text', () => local({ ...hmac, secrets: 'x'.repeat(64) }), /current: \{ id, secret \}/],
    ['a secret that the environment lacks', () => local({ ...hmac, secrets: { current: { id: 'a', secret: undefined } } }), /secret/],
    ['secrets that come later', () => local({ ...hmac, secrets: async () => ({}) }), /current/],
    [
      'a previous secret without id',
      () => local({ ...hmac, secrets: { current: { id: 'a', secret: 'x'.repeat(64) }, previous: [{}] } }),
      /id/,
    ],
    [
      'a short secret',
      () => local({ ...hmac, secrets: { current: { id: 'key-7', secret: 'x' } } }),
      /^staticKeys: secrets\.current\.secret must be .* \d+ bytes or more .* got a string of 1 character$/,
    ],
    [
      'a list of issuers',
      () => guard({ issuers: [entryOf()] }),
      /^createGuard: issuers must be an object of issuer entries by their names, got an array$/,
    ],
    ['a resource that is a name', () => guard({ issuers, resource: 'my-api' }), /resource/],
  ])('%s', (_what, start, message) => {
    expect(start).toThrow(TypeError)
    expect(start).toThrow(message)
  })
})
