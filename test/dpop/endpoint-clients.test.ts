import * as onExpress from '@countersign/express'
import {
  authorizationServerMetadata,
  clientCredentials,
  createIntrospectionEndpoint,
  createTokenEndpoint,
  refreshToken,
  tokenExchange,
} from '@countersign/grants'
import * as onKoa from '@countersign/koa'
import { publicJwkOf, testKeys } from '@countersign/testkit'
import { createVerifier, staticKeys } from '@countersign/verifier'
import express from 'express'
import Koa from 'koa'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { describe, expect, it } from 'vitest'
import { audience, issuer, setup, signer } from '../grants/endpoint-setup.js'
import { refreshSecrets, tokenUrl } from './endpoint-setup.js'
import { type Framework, frameworks, listen } from './http-setup.js'

const secrets = { current: { id: '1', secret: 'n'.repeat(32) } }
const exchangeType = 'urn:ietf:params:oauth:grant-type:token-exchange'
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token'

/** A server that checks proofs and wants nonces, and what its clients need to reach it. */
async function startServer(framework: Framework) {
  const { stores, clients, register } = setup({ now: Date.now, clientOptions: { now: Date.now } })
  const own = { issuer, audience, algorithms: ['ES256' as const], keys: publicJwkOf(testKeys.es256), typ: 'at+jwt' }
  const verifier = createVerifier({ issuers: { own: staticKeys(own) }, acceptBoundTokens: true })
  const exchange = tokenExchange({
    policy: () => ({ allow: true, isPerson: false }),
    clientSigned: false,
    trusted: { verifier, audiences: [audience] },
  })
  const grants = [clientCredentials(), refreshToken({ secrets: refreshSecrets }), exchange]
  const senderConstraint = { dpop: { url: tokenUrl, nonce: { secrets } } }
  const token = createTokenEndpoint({ issuer, signer, stores, clients, audience, grants, senderConstraint })
  const introspect = createIntrospectionEndpoint({ issuer, clients, stores, verifier, audiencesOf: () => [audience] })
  const metadata = authorizationServerMetadata({
    issuer,
    tokenEndpoint: tokenUrl,
    introspectionEndpoint: `${issuer}/introspect`,
    jwksUri: `${issuer}/keys`,
    grants,
    dpopAlgorithms: ['ES256'],
  })
  const table = [
    ...metadata,
    { method: 'POST', path: '/token', endpoint: token } as const,
    { method: 'POST', path: '/introspect', endpoint: introspect } as const,
  ]
  const listener = framework === 'Express' ? express().use(onExpress.routes(table)) : new Koa().use(onKoa.routes(table)).callback()
  const url = await listen(listener)
  const client = await register({ grants: ['client_credentials', 'refresh_token', exchangeType], refresh: { policy: 'rotating' } })
  const customFetch = (target: string, init: { method: string; headers: Record<string, string>; body?: unknown }): Promise<Response> => {
    const { method, headers, body } = init
    return fetch(target.replace(issuer, url), { method, headers, ...(body instanceof URLSearchParams && { body }) })
  }
  return { client, customFetch }
}

describe.each(frameworks)('a token endpoint with DPoP on %s', (framework) => {
  it('gives bound tokens to oauth4webapi, by way of a nonce; introspects and exchanges them', async () => {
    const { client: registered, customFetch } = await startServer(framework)
    const local = { [oauth.customFetch]: customFetch }
    const url = new URL(issuer)
    const server = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, { algorithm: 'oauth2', ...local }))
    expect(server.dpop_signing_alg_values_supported).toEqual(['ES256'])
    const client: oauth.Client = { client_id: registered.id }
    const authentication = oauth.ClientSecretBasic(registered.secret)
    const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
    const send = (): Promise<Response> => oauth.clientCredentialsGrantRequest(server, client, authentication, {}, { DPoP, ...local })
    const challenge = await oauth.processClientCredentialsResponse(server, client, await send()).catch((error: unknown) => error)
    expect(oauth.isDPoPNonceError(challenge)).toBe(true)
    const tokens = await oauth.processClientCredentialsResponse(server, client, await send())
    expect(tokens.token_type).toBe('dpop')
    const asked = await oauth.introspectionRequest(server, client, authentication, tokens.access_token, local)
    const jkt = await DPoP.calculateThumbprint()
    expect(await oauth.processIntrospectionResponse(server, client, asked)).toMatchObject({
      active: true,
      token_type: 'DPoP',
      cnf: { jkt },
    })
    const form = { subject_token: tokens.access_token, subject_token_type: accessTokenType }
    const exchange = (by: oauth.DPoPHandle | undefined): Promise<Response> =>
      oauth.genericTokenEndpointRequest(server, client, authentication, exchangeType, form, { ...(by && { DPoP: by }), ...local })
    const exchanged = await oauth.processGenericTokenEndpointResponse(server, client, await exchange(DPoP))
    expect(exchanged.token_type).toBe('dpop')
    expect((await exchange(undefined)).status).toBe(400)
    const stranger = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
    await exchange(stranger)
    expect(((await (await exchange(stranger)).json()) as { error: string }).error).toBe('invalid_request')
  })

  it('gives bound tokens to openid-client, and refreshes them', async () => {
    const { client, customFetch } = await startServer(framework)
    const options = { [openid.customFetch]: customFetch as never, algorithm: 'oauth2' as const }
    const config = await openid.discovery(new URL(issuer), client.id, client.secret, openid.ClientSecretBasic(client.secret), options)
    const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
    const tokens = await openid.clientCredentialsGrant(config, {}, { DPoP })
    expect(tokens.token_type).toBe('dpop')
    const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '', {}, { DPoP })
    expect(refreshed.token_type).toBe('dpop')
  })
})
