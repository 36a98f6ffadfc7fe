import { authorizationServerMetadata } from '@countersign/grants'
import { keyRoutes } from '@countersign/keys'
import { publicJwkOf, publicKeyOf, testKeys } from '@countersign/testkit'
import { basicOf, es256, es256Other, issuer, rs256, secretOf, startsAt } from '../constants.js'
import type { Ask } from '../recorder.js'
import type { Scenario } from '../scenario.js'

const app = basicOf('app')
const keys = '/clients/app/keys'
const pem = publicKeyOf(rs256).export({ format: 'pem', type: 'spki' }) as string
const jwk = publicJwkOf(testKeys.eddsa, { kid: undefined, alg: undefined })

async function documents(ask: Ask): Promise<void> {
  await ask('metadata', { method: 'GET', path: '/.well-known/oauth-authorization-server' })
  const set = await ask('JWKS', { method: 'GET', path: '/.well-known/jwks.json' })
  await ask('JWKS that is known', { method: 'GET', path: '/.well-known/jwks.json', headers: { 'if-none-match': String(set.headers.etag) } })
  await ask('JWKS by POST', { path: '/.well-known/jwks.json', json: {} })
}

async function registrations(ask: Ask): Promise<void> {
  const register = (name: string, json: unknown, headers = app) => ask(`register ${name}`, { path: keys, headers, json })
  await register('a PEM', { kid: 'pem', public_key_pem: pem })
  await register('a JWK with times', { kid: 'jwk', jwk, not_before: startsAt + 10, expires_at: '2033-06-01T00:00:00Z' })
  await register('with an algorithm', { kid: 'alg', jwk: publicJwkOf(testKeys.ps256, { kid: undefined, alg: undefined }), alg: 'PS384' })
  await register('the name of another key', { kid: 'pem', jwk: publicJwkOf(testKeys.es512, { kid: undefined }) })
  await register('a key of another client', { kid: 'foreign', jwk: publicJwkOf(es256Other, { kid: undefined }) })
  await register('a key that is there', { kid: 'again', public_key_pem: pem })
  await register('the key of the server', { kid: 'own', jwk: publicJwkOf(es256, { kid: undefined }) })
  await register('a private key', { kid: 'private', jwk: rs256.jwk })
  await register('what is not a key', { kid: 'malformed', jwk: { kty: 'EC' } })
  await register('a bad kid', { kid: 'a b', public_key_pem: pem })
  await register('bad times', { kid: 'times', jwk, not_before: 20, expires_at: 10 })
  await register('an algorithm that does not fit', {
    kid: 'fit',
    jwk: publicJwkOf(es256Other, { kid: undefined, alg: undefined }),
    alg: 'RS256',
  })
  await register('without kid', { public_key_pem: pem })
  await register('not an object', [])
  await register('with a wrong secret', { kid: 'pem', public_key_pem: pem }, basicOf('app', 'wrong'))
  await ask('register without a client', { path: keys, json: { kid: 'pem', public_key_pem: pem } })
  await ask('register a form', { path: keys, headers: app, form: { kid: 'pem' } })
  await ask('register for another client', { path: '/clients/narrow/keys', headers: app, json: { kid: 'x', public_key_pem: pem } })
}

async function endings(ask: Ask): Promise<void> {
  await ask('list', { method: 'GET', path: keys, headers: app })
  await ask('list of another client', { method: 'GET', path: '/clients/narrow/keys', headers: app })
  await ask('confirm without a proof', { path: `${keys}/pem/confirmation`, headers: app, json: {} })
  await ask('confirm with a wrong proof', { path: `${keys}/pem/confirmation`, headers: app, json: { proof: 'abc' } })
  await ask('retire', { method: 'DELETE', path: `${keys}/pem`, headers: app })
  await ask('retire, again', { method: 'DELETE', path: `${keys}/pem`, headers: app })
  await ask('compromised', { method: 'DELETE', path: `${keys}/jwk?reason=compromised`, headers: app })
  await ask('retire after that', { method: 'DELETE', path: `${keys}/jwk`, headers: app })
  await ask('another reason', { method: 'DELETE', path: `${keys}/alg?reason=lost`, headers: app })
  await ask('a key that is not there', { method: 'DELETE', path: `${keys}/none`, headers: app })
  await ask('list after that', { method: 'GET', path: keys, headers: app })
}

export const published: Scenario = {
  name: 'published',
  mount(app, { registry, grants, authenticate }) {
    app.routes(
      authorizationServerMetadata({
        issuer,
        tokenEndpoint: `${issuer}/token`,
        revocationEndpoint: `${issuer}/revoke`,
        introspectionEndpoint: `${issuer}/introspect`,
        jwksUri: `${issuer}/.well-known/jwks.json`,
        grants,
        authMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
        assertionAlgorithms: ['RS256', 'ES256'],
        scopesSupported: ['read', 'write', 'admin'],
        further: { service_documentation: 'https://docs.example' },
      }),
    )
    app.routes(registry.jwks())
    app.routes(keyRoutes(registry, { authenticate }))
  },
  async run({ registry }, ask) {
    await documents(ask)
    await registrations(ask)
    await endings(ask)
    await registry.signing.stage(publicJwkOf(es256Other, { kid: undefined }))
    await ask('JWKS with the next key', { method: 'GET', path: '/.well-known/jwks.json' })
    await ask('a token', { headers: app, form: { grant_type: 'client_credentials', client_id: 'app', scope: 'read' } })
    await ask('the secret still works in the body', {
      form: { grant_type: 'client_credentials', client_id: 'app', client_secret: secretOf('app') },
    })
  },
}
