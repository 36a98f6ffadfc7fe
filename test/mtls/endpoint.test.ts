import { X509Certificate } from 'node:crypto'
import type { ClientKeys } from '@countersign/core'
import * as onExpress from '@countersign/express'
import {
  authorizationServerMetadata,
  type ClientRegistration,
  clientCredentials,
  createIntrospectionEndpoint,
  createTokenEndpoint,
  type Grant,
  refreshToken,
} from '@countersign/grants'
import { importPublicKey } from '@countersign/jwt'
import * as onKoa from '@countersign/koa'
import { publicJwkOf, testKeys } from '@countersign/testkit'
import { createGuard, createVerifier, staticKeys } from '@countersign/verifier'
import express from 'express'
import Koa from 'koa'
import * as oauth from 'oauth4webapi'
import { Agent, fetch as undiciFetch } from 'undici'
import { describe, expect, it, onTestFinished } from 'vitest'
import { refreshSecrets } from '../dpop/endpoint-setup.js'
import { audience, claimsOf, issuer, setup, signer } from '../grants/endpoint-setup.js'
import { ca, type Identity, makeIdentity, other, client as selfSigned, signed } from './identities.js'
import { apiOf, sendTls, serveTls } from './tls-setup.js'

const registered = importPublicKey(new X509Certificate(selfSigned.cert).publicKey)
if (!registered.ok) throw new Error(registered.reason)
const clientKeys: ClientKeys = {
  find: async ({ clientId, algorithm }) =>
    clientId === 'self-signed' && registered.key.algorithms.includes(algorithm)
      ? { ok: true, key: registered.key }
      : { ok: false, reason: 'unknown' },
}
const signIn: Grant = {
  type: 'urn:test:sign-in',
  validate: async ({ scopes, audiences }) => ({ ok: true, granted: { ok: true, subject: 'person-1', isPerson: true, scopes, audiences } }),
}
const sameName = await makeIdentity({ subject: '/C=DE/O=Clinic/CN=records' })
const certificate = { from: 'tls' as const }
const own = { issuer, audience, algorithms: ['ES256' as const], keys: publicJwkOf(testKeys.es256), typ: 'at+jwt' }
const registrations: readonly ClientRegistration[] = [
  {
    id: 'by-name',
    authMethods: ['tls_client_auth'],
    tlsClientAuth: { subjectDn: 'CN=records,O=Clinic,C=DE' },
    grants: ['client_credentials'],
  },
  { id: 'self-signed', authMethods: ['self_signed_tls_client_auth'], grants: ['client_credentials'] },
  {
    id: 'public',
    authMethods: ['none'],
    tlsClientCertificateBoundAccessTokens: true,
    grants: [signIn.type, 'refresh_token'],
    refresh: { policy: 'rotating' },
  },
]

async function startServer(framework: 'Express' | 'Koa') {
  const { stores, clients } = setup({ now: Date.now, clientOptions: { now: Date.now, clientKeys } })
  for (const registration of registrations) await clients.register(registration)
  const grants = [clientCredentials(), signIn, refreshToken({ secrets: refreshSecrets })]
  const token = createTokenEndpoint({ issuer, signer, stores, clients, audience, grants, certificate })
  const verifier = createVerifier({ issuers: { own: staticKeys(own) }, acceptBoundTokens: true })
  const introspect = createIntrospectionEndpoint({ issuer, clients, stores, verifier, audiencesOf: () => [audience], certificate })
  const metadata = authorizationServerMetadata({
    issuer,
    tokenEndpoint: `${issuer}/token`,
    introspectionEndpoint: `${issuer}/introspect`,
    jwksUri: `${issuer}/keys`,
    grants,
    authMethods: ['tls_client_auth', 'self_signed_tls_client_auth'],
    tlsClientCertificateBoundAccessTokens: true,
  })
  const table = [
    ...metadata,
    { method: 'POST', path: '/token', endpoint: token } as const,
    { method: 'POST', path: '/introspect', endpoint: introspect } as const,
  ]
  const listener = framework === 'Express' ? express().use(onExpress.routes(table)) : new Koa().use(onKoa.routes(table)).callback()
  const url = await serveTls(listener)
  const as: oauth.AuthorizationServer = { issuer, token_endpoint: `${issuer}/token`, introspection_endpoint: `${issuer}/introspect` }
  return { url, as }
}

/** A fetch over TLS with a certificate, that knows where the server is. */
function fetchWith(url: string, identity: Identity | undefined) {
  const agent = new Agent({ connect: { ca: ca.cert, ...(identity && { key: identity.key, cert: identity.cert }) } })
  onTestFinished(() => agent.close())
  return ((target: string, init: object) => undiciFetch(target.replace(issuer, url), { ...init, dispatcher: agent })) as never
}

async function request(url: string, identity: Identity | undefined, form: Readonly<Record<string, string>>) {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const content = new URLSearchParams(form).toString()
  const reply = await sendTls(`${url}/token`, { method: 'POST', identity, headers, content })
  return { status: reply.status, body: JSON.parse(reply.body) as Readonly<Record<string, string>> }
}

describe.each(['Express', 'Koa'] as const)('a token endpoint with certificates on %s', (framework) => {
  it.each([
    ['by-name', signed],
    ['self-signed', selfSigned],
  ] as const)(
    'gives %s a bound token by oauth4webapi, which introspects it; a guard accepts it with this certificate alone',
    async (id, identity) => {
      const { url, as } = await startServer(framework)
      const options = { [oauth.customFetch]: fetchWith(url, identity) }
      const client: oauth.Client = { client_id: id }
      const sent = await oauth.clientCredentialsGrantRequest(as, client, oauth.TlsClientAuth(), {}, options)
      const tokens = await oauth.processClientCredentialsResponse(as, client, sent)
      expect(tokens.token_type).toBe('bearer')
      expect(claimsOf(tokens.access_token).cnf).toEqual({ 'x5t#S256': identity.thumbprint })
      const asked = await oauth.introspectionRequest(as, client, oauth.TlsClientAuth(), tokens.access_token, options)
      const view = await oauth.processIntrospectionResponse(as, client, asked)
      expect(view).toMatchObject({ active: true, token_type: 'Bearer', cnf: { 'x5t#S256': identity.thumbprint } })
      const guard = createGuard({ issuers: { own: staticKeys(own) }, senderConstraint: { certificate } })
      const api = await serveTls(apiOf(framework === 'Express' ? 'Express 5' : 'Koa 3', guard))
      const headers = { authorization: `Bearer ${tokens.access_token}` }
      const statuses = [identity, other, undefined].map(
        async (one) => (await sendTls(`${api}/v1/orders`, { identity: one, headers })).status,
      )
      expect(await Promise.all(statuses)).toEqual([200, 401, 401])
    },
  )

  it.each([
    ['by-name', undefined],
    ['by-name', selfSigned],
    ['by-name', sameName],
    ['self-signed', undefined],
    ['self-signed', other],
    ['self-signed', signed],
    ['unknown', signed],
  ] as const)('refuses %s with another certificate, or none, as invalid_client', async (id, identity) => {
    const { url } = await startServer(framework)
    const reply = await request(url, identity, { grant_type: 'client_credentials', client_id: id })
    expect([reply.status, reply.body.error]).toEqual([401, 'invalid_client'])
  })

  it('binds access and refresh tokens of a public client; another certificate uses nothing up', async () => {
    const { url } = await startServer(framework)
    const form = { grant_type: signIn.type, client_id: 'public' }
    expect((await request(url, undefined, form)).body.error).toBe('invalid_request')
    const first = await request(url, selfSigned, form)
    expect(claimsOf(first.body.access_token ?? '').cnf).toEqual({ 'x5t#S256': selfSigned.thumbprint })
    const refresh = { grant_type: 'refresh_token', client_id: 'public', refresh_token: first.body.refresh_token ?? '' }
    expect((await request(url, other, refresh)).body.error).toBe('invalid_grant')
    expect((await request(url, undefined, refresh)).body.error).toBe('invalid_request')
    const second = await request(url, selfSigned, refresh)
    expect([second.status, claimsOf(second.body.access_token ?? '').cnf]).toEqual([200, { 'x5t#S256': selfSigned.thumbprint }])
  })
})
