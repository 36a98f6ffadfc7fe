import { createServer } from 'node:http'
import { memoryStores } from '@countersign/core/memory'
import { handle, routes } from '@countersign/express'
import { authorizationServerMetadata, createTokenEndpoint } from '@countersign/grants'
import { createKeyRegistry } from '@countersign/keys'
import { publicJwkOf, type TestKey, testKeys } from '@countersign/testkit'
import express from 'express'
import { importJWK, SignJWT } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listening } from '../contracts/listening.js'
import { accessTokenType, bearer, exchange, grantsWith, jwtType } from './assertion-setup.js'
import { audience, claimsOf, issuer, setup, signer } from './endpoint-setup.js'

const app = express()
const state = { url: '', close: async (): Promise<unknown> => undefined, id: '', withSecret: { id: '', secret: '' } }

beforeAll(async () => {
  const { url, close } = await listening(createServer(app).listen(0, '127.0.0.1'))
  // What was signed before a store began to remember cannot be claimed.
  const started = { secondsAgo: 60 }
  const stores = memoryStores({ now: () => Date.now() - started.secondsAgo * 1000 })
  started.secondsAgo = 0
  const registry = createKeyRegistry({ issuer, store: stores.keys })
  const { clients, register } = setup({
    now: Date.now,
    allStores: stores,
    clientOptions: { now: Date.now, clientKeys: registry.clientKeys },
  })
  const grants = grantsWith()
  const usual = { grants: grants.map(({ type }) => type), refresh: { policy: 'rotating' } } as const
  const { id } = await register({ ...usual, authMethods: ['private_key_jwt'] })
  const withSecret = await register(usual)
  await registry.clientKeys.register({ owner: id, kid: 'k1', jwk: publicJwkOf(testKeys.es256Other, { kid: undefined }) })
  await registry.clientKeys.register({ owner: withSecret.id, kid: 'k1', jwk: publicJwkOf(testKeys.rs256, { kid: undefined }) })
  app.post('/token', handle(createTokenEndpoint({ issuer, signer, stores, clients, audience, grants })))
  const authMethods = ['client_secret_basic', 'private_key_jwt']
  app.use(routes(authorizationServerMetadata({ issuer, tokenEndpoint: `${issuer}/token`, jwksUri: `${issuer}/keys`, grants, authMethods })))
  Object.assign(state, { url, close, id, withSecret })
})
afterAll(() => state.close())

type Init = { readonly method: string; readonly headers: Record<string, string>; readonly body?: unknown }

/** What they send to the issuer goes to this process: they talk to https only. */
async function customFetch(target: string, { method, headers, body }: Init): Promise<Response> {
  return fetch(target.replace(issuer, state.url), { method, headers, ...(body instanceof URLSearchParams && { body }) })
}
const local = { [oauth.customFetch]: customFetch }

async function privateKey({ jwk, alg }: TestKey): Promise<{ readonly key: oauth.CryptoKey; readonly kid: string }> {
  const key = await importJWK({ ...jwk, kty: String(jwk.kty) }, alg)
  if (key instanceof Uint8Array) throw new Error('a key pair is needed')
  return { key, kid: 'k1' }
}

/** As a client makes one with a library of its own. */
async function signed(iss: string, sub: string, test: TestKey): Promise<string> {
  const { key, kid } = await privateKey(test)
  const jwt = new SignJWT({}).setProtectedHeader({ alg: test.alg, kid, typ: 'JWT' })
  return jwt.setIssuer(iss).setSubject(sub).setAudience(issuer).setJti(crypto.randomUUID()).setIssuedAt().setExpirationTime('2m').sign(key)
}

describe('oauth4webapi', () => {
  it('authenticates with private_key_jwt, exchanges tokens and uses assertions', async () => {
    const url = new URL(issuer)
    const server = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, { algorithm: 'oauth2', ...local }))
    expect(server.token_endpoint_auth_signing_alg_values_supported).toContain('ES256')
    expect(server.token_endpoint_auth_signing_alg_values_supported).not.toContain('HS256')
    expect(server.grant_types_supported).toEqual(['client_credentials', 'refresh_token', exchange, bearer])
    const client = { client_id: state.id }
    const authentication = oauth.PrivateKeyJwt(await privateKey(testKeys.es256Other))
    const response = await oauth.clientCredentialsGrantRequest(server, client, authentication, { scope: 'read' }, local)
    const tokens = await oauth.processClientCredentialsResponse(server, client, response)
    const again = await oauth.refreshTokenGrantRequest(server, client, authentication, tokens.refresh_token ?? '', local)
    expect((await oauth.processRefreshTokenResponse(server, client, again)).scope).toBe('read')

    const subject = { subject_token: await signed(state.id, 'person-1', testKeys.es256Other), subject_token_type: jwtType }
    const exchanged = await oauth.genericTokenEndpointRequest(server, client, authentication, exchange, subject, local)
    const result = await oauth.processGenericTokenEndpointResponse(server, client, exchanged)
    expect(result.issued_token_type).toBe(accessTokenType)
    expect(claimsOf(result.access_token).sub).toBe('person-1')

    const assertion = await signed(state.id, state.id, testKeys.es256Other)
    const granted = await oauth.genericTokenEndpointRequest(server, client, oauth.None(), bearer, { assertion }, local)
    expect(claimsOf((await oauth.processGenericTokenEndpointResponse(server, client, granted)).access_token).sub).toBe(state.id)
    const replayed = await oauth.genericTokenEndpointRequest(server, client, oauth.None(), bearer, { assertion }, local)
    await expect(oauth.processGenericTokenEndpointResponse(server, client, replayed)).rejects.toMatchObject({ error: 'invalid_grant' })
  })

  it('understands that a client assertion is refused', async () => {
    const server = { issuer, token_endpoint: `${issuer}/token` }
    const client = { client_id: state.id }
    const wrong = oauth.PrivateKeyJwt(await privateKey(testKeys.es256Third))
    const response = await oauth.clientCredentialsGrantRequest(server, client, wrong, {}, local)
    await expect(oauth.processClientCredentialsResponse(server, client, response)).rejects.toMatchObject({ status: 401 })
  })
})

describe('openid-client', () => {
  it('authenticates with private_key_jwt, exchanges tokens and uses assertions', async () => {
    const options = { algorithm: 'oauth2', [openid.customFetch]: customFetch } as const
    const key = await privateKey(testKeys.es256Other)
    const config = await openid.discovery(new URL(issuer), state.id, undefined, openid.PrivateKeyJwt(key), options)
    const tokens = await openid.clientCredentialsGrant(config, { scope: 'read write', resource: audience })
    expect((await openid.refreshTokenGrant(config, tokens.refresh_token ?? '')).scope).toBe('read write')
    const assertion = await signed(state.id, state.id, testKeys.es256Other)
    expect((await openid.genericGrantRequest(config, bearer, { assertion, scope: 'read' })).scope).toBe('read')

    const { id, secret } = state.withSecret
    const basic = await openid.discovery(new URL(issuer), id, secret, openid.ClientSecretBasic(secret), options)
    const subject = { subject_token: await signed(id, 'person-2', testKeys.rs256), subject_token_type: jwtType, resource: audience }
    const exchanged = await openid.genericGrantRequest(basic, exchange, subject)
    expect([exchanged.issued_token_type, exchanged.refresh_token]).toEqual([accessTokenType, undefined])
    expect(claimsOf(exchanged.access_token).sub).toBe('person-2')
    await expect(openid.genericGrantRequest(basic, exchange, subject)).rejects.toMatchObject({ error: 'invalid_request' })
  })
})
