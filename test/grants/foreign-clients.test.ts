import { createServer } from 'node:http'
import { handle, routes } from '@countersign/express'
import { authorizationServerMetadata, clientCredentials, createTokenEndpoint, refreshToken } from '@countersign/grants'
import { publicJwkOf, testKeys } from '@countersign/testkit'
import express from 'express'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listening } from '../contracts/listening.js'
import { audience, setup, signer } from './endpoint-setup.js'

const grants = [clientCredentials(), refreshToken({ secrets: { current: { id: 'r', secret: 'k'.repeat(32) } } })]
const app = express()
const origin = 'https://auth.example'
const issuer = `${origin}/tenant`
const state = { url: '', close: async (): Promise<unknown> => undefined, id: '', secret: '' }

beforeAll(async () => {
  const { url, close } = await listening(createServer(app).listen(0, '127.0.0.1'))
  const { stores, clients, register } = setup({ now: Date.now, clientOptions: { now: Date.now } })
  app.post('/tenant/token', handle(createTokenEndpoint({ issuer, signer, stores, clients, audience, grants })))
  app.get('/keys', (_req, res) => void res.json({ keys: [publicJwkOf(testKeys.es256)] }))
  app.use(
    routes(
      authorizationServerMetadata({
        issuer,
        tokenEndpoint: `${issuer}/token`,
        jwksUri: `${origin}/keys`,
        grants,
        scopesSupported: ['read'],
      }),
    ),
  )
  Object.assign(state, { url, close }, await register({ refresh: { policy: 'rotating' } }))
})
afterAll(() => state.close())

/** What they send to the issuer goes to this process: they talk to https only. */
async function customFetch(
  target: string,
  options: { readonly method: string; readonly headers: Record<string, string>; readonly body?: unknown },
): Promise<Response> {
  const { method, headers, body } = options
  return fetch(target.replace(origin, state.url), { method, headers, ...(body instanceof URLSearchParams && { body }) })
}
const local = { [oauth.customFetch]: customFetch }

describe('oauth4webapi', () => {
  it('discovers, gets a token, validates it and refreshes', async () => {
    const url = new URL(issuer)
    const server = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, { algorithm: 'oauth2', ...local }))
    expect(server.grant_types_supported).toEqual(['client_credentials', 'refresh_token'])
    const client = { client_id: state.id }
    for (const authentication of [oauth.ClientSecretBasic(state.secret), oauth.ClientSecretPost(state.secret)]) {
      const response = await oauth.clientCredentialsGrantRequest(server, client, authentication, { scope: 'read' }, local)
      const tokens = await oauth.processClientCredentialsResponse(server, client, response)
      const request = new Request(audience, { headers: { authorization: `Bearer ${tokens.access_token}` } })
      const claims = await oauth.validateJwtAccessToken(server, request, audience, local)
      expect(claims).toMatchObject({ sub: state.id, client_id: state.id, scope: 'read' })
      const again = await oauth.refreshTokenGrantRequest(server, client, authentication, tokens.refresh_token ?? '', local)
      const refreshed = await oauth.processRefreshTokenResponse(server, client, again)
      expect(refreshed.refresh_token).not.toBe(tokens.refresh_token)
    }
  })

  it('understands refusals', async () => {
    const server = { issuer, token_endpoint: `${issuer}/token` }
    const client = { client_id: state.id }
    const wrong = await oauth.clientCredentialsGrantRequest(server, client, oauth.ClientSecretBasic('wrong'), {}, local)
    await expect(oauth.processClientCredentialsResponse(server, client, wrong)).rejects.toMatchObject({ status: 401 })
    const scope = await oauth.clientCredentialsGrantRequest(
      server,
      client,
      oauth.ClientSecretBasic(state.secret),
      { scope: 'admin' },
      local,
    )
    await expect(oauth.processClientCredentialsResponse(server, client, scope)).rejects.toMatchObject({ error: 'invalid_scope' })
  })
})

describe('openid-client', () => {
  it('discovers, gets a token and refreshes', async () => {
    const config = await openid.discovery(new URL(issuer), state.id, state.secret, undefined, {
      algorithm: 'oauth2',
      [openid.customFetch]: customFetch,
    })
    const tokens = await openid.clientCredentialsGrant(config, { scope: 'read write', resource: audience })
    expect(tokens.scope).toBe('read write')
    const refreshed = await openid.refreshTokenGrant(config, tokens.refresh_token ?? '')
    expect(refreshed.expires_in).toBe(900)
  })
})

it('metadata of a wrong issuer, or without grants, is a TypeError', () => {
  const good = { issuer: 'https://a.example', tokenEndpoint: 'https://a.example/token', jwksUri: 'https://a.example/keys', grants }
  expect(authorizationServerMetadata(good).map(({ path }) => path)).toEqual(['/.well-known/oauth-authorization-server'])
  for (const bad of [{ issuer: 'x' }, { issuer: 'https://a.example?x' }, { tokenEndpoint: '/token' }, { jwksUri: '' }, { grants: [] }]) {
    expect(() => authorizationServerMetadata({ ...good, ...bad })).toThrow(TypeError)
  }
})
