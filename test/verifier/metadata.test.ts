import { publicJwkOf, testKeys } from '@countersign/testkit'
import { cognito, protectedResourceMetadata, staticKeys } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { answerTo, audience, entryOf, replyTo, startGuard, tokenOf } from './guard-setup.js'

const request = { method: 'GET', url: '/', headers: {} }
type Options = Parameters<typeof startGuard>[0]

async function documentOf(options: Options): Promise<Record<string, unknown>> {
  const { guard } = startGuard({ resource: 'https://api.test', metadata: {}, ...options })
  const [route] = protectedResourceMetadata(guard)
  const reply = await route?.endpoint(request)
  expect(reply?.status).toBe(200)
  expect(reply?.headers).toEqual({
    'content-type': 'application/json',
    'cache-control': 'public, max-age=300',
    'access-control-allow-origin': '*',
  })
  return JSON.parse(String(reply?.body))
}

describe('the metadata of a resource (RFC 9728)', () => {
  it.each([
    ['https://api.test', '/.well-known/oauth-protected-resource', 'https://api.test/.well-known/oauth-protected-resource'],
    ['https://api.test/', '/.well-known/oauth-protected-resource', 'https://api.test/.well-known/oauth-protected-resource'],
    ['https://api.test/v1', '/.well-known/oauth-protected-resource/v1', 'https://api.test/.well-known/oauth-protected-resource/v1'],
    ['https://api.test/v1/', '/.well-known/oauth-protected-resource/v1/', 'https://api.test/.well-known/oauth-protected-resource/v1/'],
    [
      'https://api.test:8443/v1',
      '/.well-known/oauth-protected-resource/v1',
      'https://api.test:8443/.well-known/oauth-protected-resource/v1',
    ],
    ['https://api.test?x=1', '/.well-known/oauth-protected-resource', 'https://api.test/.well-known/oauth-protected-resource?x=1'],
  ])('of %s stands at %s', async (resource, path, url) => {
    const { guard } = startGuard({ resource, metadata: {} })
    const [route, ...others] = protectedResourceMetadata(guard)
    expect([route?.method, route?.path, others]).toEqual(['GET', path, []])
    expect((await replyTo(guard, request)).headers['www-authenticate']).toContain(`resource_metadata="${url}"`)
    const reply = await route?.endpoint(request)
    expect(JSON.parse(String(reply?.body)).resource).toBe(resource)
  })

  it('says what the guard knows, and nothing that was not said', async () => {
    expect(await documentOf({})).toEqual({
      resource: 'https://api.test',
      authorization_servers: ['https://issuer.test'],
      bearer_methods_supported: ['header'],
    })
  })

  it('says what the host says', async () => {
    const metadata = {
      scopesSupported: ['read'],
      authorizationServers: ['https://login.test'],
      resourceName: 'An API',
      resourceDocumentation: 'https://api.test/docs',
      resourcePolicyUri: 'https://api.test/policy',
      resourceTosUri: 'https://api.test/terms',
    }
    expect(await documentOf({ metadata, tokenFrom: { query: true, body: true } })).toEqual({
      resource: 'https://api.test',
      authorization_servers: ['https://login.test'],
      scopes_supported: ['read'],
      bearer_methods_supported: ['header', 'body', 'query'],
      resource_name: 'An API',
      resource_documentation: 'https://api.test/docs',
      resource_policy_uri: 'https://api.test/policy',
      resource_tos_uri: 'https://api.test/terms',
    })
  })

  it('names issuers that are https URLs, of every entry', async () => {
    const issuers = {
      a: entryOf(),
      b: entryOf({ issuer: ['urn:b', 'https://b.test', 'http://127.0.0.1'] }),
      c: cognito({ userPoolId: 'eu-central-1_Test00000', clientId: 'c' }),
    }
    const { authorization_servers: servers } = await documentOf({ issuers })
    expect(servers).toEqual([
      'https://issuer.test',
      'https://b.test',
      'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Test00000',
      'https://issuer-cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Test00000',
    ])
    expect(await documentOf({ issuers: { b: entryOf({ issuer: 'urn:b' }) } })).not.toHaveProperty('authorization_servers')
  })

  it('follows the issuers of a running guard, and keeps tenants to itself', async () => {
    const resolve = async (issuer: string) => staticKeys({ issuer, audience, algorithms: ['ES256'], keys: publicJwkOf(testKeys.es256) })
    const resolveIssuer = { via: 'tenant', prefixes: ['https://login.test/'], resolve } as never
    const { guard } = startGuard({ resource: 'https://api.test', metadata: {}, resolveIssuer })
    const [route] = protectedResourceMetadata(guard)
    expect(await answerTo(guard, await tokenOf({ iss: 'https://login.test/customer' }))).toBe('200 tenant')
    guard.verifier.setIssuer('new', entryOf({ issuer: 'https://new.test' }))
    const reply = await route?.endpoint(request)
    expect(JSON.parse(String(reply?.body)).authorization_servers).toEqual(['https://issuer.test', 'https://new.test'])
  })

  it('needs resource and metadata', () => {
    expect(() => protectedResourceMetadata(startGuard({}).guard)).toThrow(TypeError)
    expect(() => protectedResourceMetadata(startGuard({ resource: 'https://api.test' }).guard)).toThrow(TypeError)
  })
})
