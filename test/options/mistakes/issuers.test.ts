import * as verifier from '@countersign/verifier'
import { itTells, loose, secretOf } from './mistake.js'

const jwks = loose(verifier.jwks)
const oidc = loose(verifier.oidc)
const jwksRsa = loose(verifier.jwksRsa)
const signingKeys = loose(verifier.signingKeys)

const rule = { issuer: 'https://issuer.test', algorithms: ['ES256'], audience: 'api' }
const remote = { ...rule, url: 'https://issuer.test/jwks' }

itTells([
  [
    'no algorithms',
    () => jwks({ ...remote, algorithms: undefined }),
    'jwks: algorithms must be a non-empty array, each item one of "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519", "HS256", "HS384" or "HS512", got undefined',
  ],
  [
    'one algorithm as a string',
    () => jwks({ ...remote, algorithms: 'ES256' }),
    'jwks: algorithms must be a non-empty array, each item one of "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519", "HS256", "HS384" or "HS512", got "ES256"; one item must be in an array, too',
  ],
  [
    'an empty list of algorithms',
    () => jwks({ ...remote, algorithms: [] }),
    'jwks: algorithms must be a non-empty array, each item one of "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519", "HS256", "HS384" or "HS512", got an empty array',
  ],
  [
    'a misspelt algorithm',
    () => jwks({ ...remote, algorithms: ['RS265'] }),
    'jwks: algorithms[0] must be one of "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519", "HS256", "HS384" or "HS512", got "RS265"; did you mean "RS256"?',
  ],
  [
    'none',
    () => jwks({ ...remote, algorithms: ['none'] }),
    'jwks: algorithms[0] must be one of "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519", "HS256", "HS384" or "HS512", got "none"',
  ],
  [
    'HMAC with public keys',
    () => jwks({ ...remote, algorithms: ['HS256'] }),
    'jwks: algorithms must be asymmetric, because the keys are public, got HS256',
  ],
  [
    'algorithms of both sorts',
    () => jwks({ ...remote, algorithms: ['ES256', 'HS256'] }),
    'jwks: algorithms must be asymmetric or HMAC, not both, got ES256, HS256',
  ],
  [
    'no issuer',
    () => jwks({ ...remote, issuer: undefined }),
    'jwks: issuer must be a non-empty string, or a non-empty array of such strings, got undefined',
  ],
  [
    'an empty issuer',
    () => jwks({ ...remote, issuer: '' }),
    'jwks: issuer must be a non-empty string, or a non-empty array of such strings, got an empty string',
  ],
  [
    'one issuer twice',
    () => jwks({ ...remote, issuer: ['https://a.test', 'https://a.test'] }),
    'jwks: issuer must not have a duplicate, got "https://a.test" twice',
  ],
  [
    'an audience out of the environment that is not set',
    () => jwks({ ...remote, audience: [undefined] }),
    'jwks: audience[0] must be a non-empty string, got undefined',
  ],
  ['no URL', () => jwks(rule), 'jwks: url must be an absolute URL, a string or a URL, got undefined'],
  [
    'a URL without a scheme',
    () => jwks({ ...remote, url: 'issuer.test/jwks' }),
    'jwks: url must be an absolute URL, got "issuer.test/jwks"',
  ],
  [
    'a URL with http',
    () => jwks({ ...remote, url: 'http://issuer.test/jwks' }),
    'jwks: url must be https, or http on loopback, got http://issuer.test; with allowInsecure: true every http URL is accepted',
  ],
  [
    'a URL with a password',
    () => jwks({ ...remote, url: `https://me:${secretOf(9)}@issuer.test/jwks` }),
    'jwks: url must not have a user name or password, got them in https://issuer.test/jwks',
  ],
  [
    'a shortest time over the longest',
    () => jwks({ ...remote, minCacheSeconds: 60, maxCacheSeconds: 30 }),
    'jwks: minCacheSeconds must be at most maxCacheSeconds (30), got 60',
  ],
  [
    'a negative time',
    () => jwks({ ...remote, timeoutSeconds: -1 }),
    'jwks: timeoutSeconds must be a number of seconds, from 0.001 to 3600, got -1',
  ],
  [
    'a schema of another kind',
    () => jwks({ ...remote, schema: { parse: () => ({}) } }),
    'jwks: schema must be a Standard Schema, got an object',
  ],
  [
    'a fetch that is an agent',
    () => jwks({ ...remote, fetch: { proxy: 'http://proxy.test' } }),
    'jwks: fetch must be a function, got an object',
  ],

  ['an issuer that is a host', () => oidc({ ...rule, issuer: 'issuer.test' }), 'oidc: issuer must be an absolute URL, got "issuer.test"'],
  [
    'metadata with http',
    () => oidc({ ...rule, metadataUrl: 'http://issuer.test/meta' }),
    'oidc: metadataUrl must be https, or http on loopback, got http://issuer.test; with allowInsecure: true every http URL is accepted',
  ],
  [
    'options of a client',
    () => jwksRsa({ ...rule, client: { jwksUri: 'https://issuer.test/jwks' } }),
    'jwksRsa: client must be a client of jwks-rsa, got an object',
  ],
  [
    'a key in place of a source',
    () => signingKeys({ ...rule, keys: { kty: 'EC' } }),
    'signingKeys: keys must be a source of keys, for instance keys.source of a key registry, got an object',
  ],
])
