import { createServer, type Server } from 'node:http'
import { handle, routes } from '@countersign/express'
import { authorizationServerMetadata } from '@countersign/grants'
import { handle as handleKoa, routes as routesKoa } from '@countersign/koa'
import { privateKeyOf, publicJwkOf, testKeys } from '@countersign/testkit'
import { bodyParser } from '@koa/bodyparser'
import Router from '@koa/router'
import express from 'express'
import Koa from 'koa'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { listening } from '../contracts/listening.js'
import { audience, issuer } from './endpoint-setup.js'
import { start, storesWithKeys, type Trial } from './token-status-setup.js'

const metadata = authorizationServerMetadata({
  issuer,
  tokenEndpoint: `${issuer}/token`,
  revocationEndpoint: `${issuer}/revoke`,
  introspectionEndpoint: `${issuer}/introspect`,
  jwksUri: `${issuer}/keys`,
  grants: [{ type: 'client_credentials' }, { type: 'refresh_token' }],
  authMethods: ['client_secret_basic', 'private_key_jwt', 'none'],
})

function onExpress({ endpoint, endpoints }: Trial) {
  const app = express()
  app.post('/token', handle(endpoint))
  app.post('/revoke', express.urlencoded(), handle(endpoints.revocation))
  app.post('/introspect', handle(endpoints.introspection))
  app.use(routes(metadata))
  return createServer(app)
}

function onKoa({ endpoint, endpoints }: Trial) {
  const router = new Router()
  router.post('/token', bodyParser(), handleKoa(endpoint))
  router.post('/revoke', handleKoa(endpoints.revocation))
  router.post('/introspect', bodyParser(), handleKoa(endpoints.introspection))
  const app = new Koa()
  app.use(routesKoa(metadata))
  app.use(router.routes())
  return createServer(app.callback())
}

type Init = { readonly method: string; readonly headers: Record<string, string>; readonly body?: unknown }

/** The app on a loopback port, until the test ends. */
async function serving(serve: (trial: Trial) => Server) {
  const { keys, ...stores } = storesWithKeys()
  const trial = start(stores)
  const { url, close } = await listening(serve(trial).listen(0, '127.0.0.1'))
  onTestFinished(close)
  const sent: URLSearchParams[] = []
  /** What they send to the issuer goes to this process: they talk to https only. */
  const customFetch = async (target: string, { method, headers, body }: Init): Promise<Response> => {
    if (!(body instanceof URLSearchParams)) return fetch(target.replace(issuer, url), { method, headers })
    sent.push(body)
    return fetch(target.replace(issuer, url), { method, headers, body })
  }
  const local = { [oauth.customFetch]: customFetch }
  const at = new URL(issuer)
  const server = await oauth.processDiscoveryResponse(at, await oauth.discoveryRequest(at, { algorithm: 'oauth2', ...local }))
  return { ...trial, url, keys, sent, customFetch, local, server }
}

it('metadata names both endpoints, for introspection no public clients, and a URL that is none is a TypeError', async () => {
  const told = JSON.parse(String((await metadata[0]?.endpoint({ headers: {} }))?.body)) as unknown
  expect(told).toMatchObject({
    revocation_endpoint: `${issuer}/revoke`,
    revocation_endpoint_auth_methods_supported: ['client_secret_basic', 'private_key_jwt', 'none'],
    introspection_endpoint: `${issuer}/introspect`,
    introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'private_key_jwt'],
  })
  const good = { issuer, tokenEndpoint: `${issuer}/token`, jwksUri: `${issuer}/keys`, grants: [{ type: 'x' }] }
  for (const bad of [{ revocationEndpoint: '/revoke' }, { introspectionEndpoint: '' }])
    expect(() => authorizationServerMetadata({ ...good, ...bad })).toThrow(TypeError)
})

describe.each([
  ['Express', onExpress],
  ['Koa', onKoa],
])('on %s', (_name, serve) => {
  it('oauth4webapi asks about tokens and revokes them', async () => {
    const { register, refresh, server, local } = await serving(serve)
    const [registered, api] = [await register(), await register({ title: audience })]
    const [client, resource] = [{ client_id: registered.id }, { client_id: api.id }]
    const [authentication, ofResource] = [oauth.ClientSecretBasic(registered.secret), oauth.ClientSecretBasic(api.secret)]
    const response = await oauth.clientCredentialsGrantRequest(server, client, authentication, { scope: 'read' }, local)
    const { access_token, refresh_token = '' } = await oauth.processClientCredentialsResponse(server, client, response)
    const about = async (token: string) =>
      oauth.processIntrospectionResponse(server, resource, await oauth.introspectionRequest(server, resource, ofResource, token, local))
    expect(await about(access_token)).toMatchObject({
      active: true,
      sub: registered.id,
      scope: 'read',
      aud: audience,
      token_type: 'Bearer',
    })
    const foreign = await oauth.revocationRequest(server, resource, ofResource, refresh_token, local)
    await expect(oauth.processRevocationResponse(foreign)).rejects.toMatchObject({ status: 400, error: 'invalid_grant' })
    expect((await about(access_token)).active).toBe(true)
    const revoked = await oauth.revocationRequest(server, client, authentication, refresh_token, local)
    expect(await oauth.processRevocationResponse(revoked)).toBeUndefined()
    expect(await about(access_token)).toEqual({ active: false })
    expect((await refresh(registered, refresh_token)).status).toBe(400)
  })

  it('openid-client does so too, as a confidential and as a public client', async () => {
    const { register, signIn, customFetch } = await serving(serve)
    const [registered, open] = [
      await register({ title: audience }),
      await register({ authMethods: ['none'], grants: ['urn:x:person', 'refresh_token'] }),
    ]
    const options = { algorithm: 'oauth2', [openid.customFetch]: customFetch } as const
    const config = await openid.discovery(
      new URL(issuer),
      registered.id,
      registered.secret,
      openid.ClientSecretBasic(registered.secret),
      options,
    )
    const asPublic = await openid.discovery(new URL(issuer), open.id, undefined, openid.None(), options)
    const { access, refresh } = await signIn(open)
    expect(await openid.tokenIntrospection(config, access)).toMatchObject({ active: true, sub: 'person-1', client_id: open.id })
    await expect(openid.tokenIntrospection(asPublic, access)).rejects.toMatchObject({ status: 401 })
    await expect(openid.tokenRevocation(config, access)).rejects.toMatchObject({ error: 'invalid_grant' })
    await openid.tokenRevocation(asPublic, refresh, { token_type_hint: 'refresh_token' })
    expect(await openid.tokenIntrospection(config, access)).toEqual({ active: false })
    await openid.tokenRevocation(asPublic, access)
  })

  it('a client with a key authenticates with it, once', async () => {
    const { register, keys, server, local, sent, url } = await serving(serve)
    const { id } = await register({ authMethods: ['private_key_jwt'] })
    const { kid } = testKeys.es256
    expect((await keys.clientKeys.register({ owner: id, kid, jwk: publicJwkOf(testKeys.es256) })).ok).toBe(true)
    const jwk = privateKeyOf(testKeys.es256).export({ format: 'jwk' })
    const key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
    const client = { client_id: id }
    const authentication = oauth.PrivateKeyJwt({ key, kid })
    const response = await oauth.clientCredentialsGrantRequest(server, client, authentication, {}, local)
    const { access_token } = await oauth.processClientCredentialsResponse(server, client, response)
    const about = await oauth.introspectionRequest(server, client, authentication, access_token, local)
    expect((await oauth.processIntrospectionResponse(server, client, about)).active).toBe(true)
    await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, authentication, access_token, local))
    const again = async (path: string, body = new URLSearchParams()) => (await fetch(`${url}/${path}`, { method: 'POST', body })).status
    expect([await again('introspect', sent[1]), await again('revoke', sent[2])]).toEqual([401, 401])
  })
})
