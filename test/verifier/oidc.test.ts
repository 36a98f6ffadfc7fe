import { type FakeIssuer, type FakeIssuerOptions, fixedClock, testKeys } from '@countersign/testkit'
import { createGuard, type OidcOptions, oidc } from '@countersign/verifier'
import { describe, expect, it, onTestFinished } from 'vitest'
import { answerOf, audience, bogusToken, recordedLoads, retryAfter, startIssuer, type Trial, tokens, until } from './remote-jwks-setup.js'

async function startDiscovery(options: Partial<OidcOptions> = {}, issuerOptions: FakeIssuerOptions = {}): Promise<Trial> {
  const clock = fixedClock()
  const loads = recordedLoads()
  const issuer = await startIssuer({ now: clock.now, ...issuerOptions })
  const entry = oidc({ issuer: issuer.issuer, algorithms: ['ES256', 'EdDSA'], audience, ...options })
  const guard = createGuard({ now: clock.now, issuers: { partner: entry } })
  onTestFinished(() => guard.close())
  return { issuer, clock, guard, loads, ask: (token) => answerOf(guard, token) }
}

const asked = (issuer: FakeIssuer): string[] => issuer.requests.map(({ url }) => url)

describe('discovery', () => {
  it('finds the keys of an issuer with a path, with one fetch of each document for 500 cold requests', async () => {
    const { issuer, ask } = await startDiscovery({}, { path: '/realms/a' })
    expect(new Set(await Promise.all((await tokens(issuer, 500)).map(ask)))).toEqual(new Set(['200']))
    expect(asked(issuer)).toEqual(['/realms/a/.well-known/openid-configuration', '/realms/a/.well-known/jwks.json'])
  })

  it('appends to an issuer that ends with a slash, and compares it with the slash', async () => {
    const { issuer } = await startDiscovery()
    const withSlash = `${issuer.url}/`
    const metadata = { issuer: withSlash, jwks_uri: issuer.jwksUrl }
    issuer.behave({ kind: 'document', body: metadata }, 'discovery')
    const guard = createGuard({ issuers: { partner: oidc({ issuer: withSlash, algorithms: ['ES256'], audience }) } })
    onTestFinished(() => guard.close())
    const claims = { iss: withSlash, iat: undefined, exp: 4_000_000_000 }
    expect(await answerOf(guard, await issuer.token({ claims }))).toBe('200')
    expect(asked(issuer)[0]).toBe('/.well-known/openid-configuration')
  })

  it('reads RFC 8414 metadata where metadataUrl says', async () => {
    const place = '/.well-known/oauth-authorization-server/realms/a'
    const other = await startIssuer({ path: '/realms/a' })
    const { ask } = await startDiscovery({ issuer: other.issuer, metadataUrl: other.url + place })
    expect(await ask(await other.token({ claims: { exp: 4_000_000_000, iat: undefined } }))).toBe('200')
    expect(asked(other)).toEqual([place, '/realms/a/.well-known/jwks.json'])
  })

  it.each([
    ['another issuer', (issuer: FakeIssuer) => ({ issuer: 'https://other.test', jwks_uri: issuer.jwksUrl })],
    ['the issuer with one more slash', (issuer: FakeIssuer) => ({ issuer: `${issuer.issuer}/`, jwks_uri: issuer.jwksUrl })],
    ['the issuer in capitals', (issuer: FakeIssuer) => ({ issuer: issuer.issuer.toUpperCase(), jwks_uri: issuer.jwksUrl })],
    ['a list with the issuer', (issuer: FakeIssuer) => ({ issuer: [issuer.issuer], jwks_uri: issuer.jwksUrl })],
    ['no issuer', (issuer: FakeIssuer) => ({ jwks_uri: issuer.jwksUrl })],
    ['no jwks_uri', (issuer: FakeIssuer) => ({ issuer: issuer.issuer })],
    ['a jwks_uri that is a list', (issuer: FakeIssuer) => ({ issuer: issuer.issuer, jwks_uri: [issuer.jwksUrl] })],
    ['a relative jwks_uri', (issuer: FakeIssuer) => ({ issuer: issuer.issuer, jwks_uri: '/.well-known/jwks.json' })],
    ['a jwks_uri with credentials', ({ issuer, jwksUrl }: FakeIssuer) => ({ issuer, jwks_uri: jwksUrl.replace('//', '//a:b@') })],
    ['a jwks_uri that is a file', ({ issuer }: FakeIssuer) => ({ issuer, jwks_uri: 'file:///etc/jwks.json' })],
    ['a jwks_uri with plain http elsewhere', ({ issuer }: FakeIssuer) => ({ issuer, jwks_uri: 'http://keys.test/jwks' })],
    ['no object', () => 'null'],
    ['no JSON', () => '<html>'],
    ['nothing', () => ''],
  ])('metadata with %s is an outage, and no keys are fetched', async (_name, document) => {
    const fetched: string[] = []
    const recording: typeof fetch = (url, init) => {
      fetched.push(new Request(url).url)
      return fetch(url, init)
    }
    const { issuer, guard, ask } = await startDiscovery({ fetch: recording })
    issuer.behave({ kind: 'document', body: document(issuer) }, 'discovery')
    const token = await issuer.token()
    expect(await ask(token)).toBe('503 key_source_unavailable')
    expect(await retryAfter(guard, token)).toBeGreaterThanOrEqual(1)
    expect(fetched).toEqual([`${issuer.issuer}/.well-known/openid-configuration`])
  })

  it('metadata that came over https do not lead to plain http on loopback', async () => {
    const asked: string[] = []
    const keys = await startIssuer()
    const { ask } = await startDiscovery({
      issuer: 'https://issuer.test',
      fetch: async (url) => {
        asked.push(new Request(url).url)
        return Response.json({ issuer: 'https://issuer.test', jwks_uri: keys.jwksUrl })
      },
    })
    expect(await ask(bogusToken({ issuer: 'https://issuer.test' }, 'any'))).toBe('503 key_source_unavailable')
    expect(asked).toEqual(['https://issuer.test/.well-known/openid-configuration'])
  })

  it('redirects of the metadata are not followed', async () => {
    const other = await startIssuer()
    const { issuer, ask } = await startDiscovery()
    issuer.behave({ kind: 'redirect', location: `${other.url}/.well-known/openid-configuration` }, 'discovery')
    expect(await ask(await issuer.token())).toBe('503 key_source_unavailable')
    expect(other.requests).toHaveLength(0)
  })

  it('that is down is 503; known keys pass as stale, and it recovers', async () => {
    const { issuer, clock, ask } = await startDiscovery({ staleIfErrorSeconds: 900 })
    issuer.behave({ kind: 'fail', status: 500 }, 'discovery')
    const token = await issuer.token({ lifetimeSeconds: 100_000 })
    expect(await ask(token)).toBe('503 key_source_unavailable')
    expect(issuer.fetches).toEqual({ discovery: 1, jwks: 0 })
    issuer.behave(undefined, 'discovery')
    clock.advance(1.01)
    expect(await ask(token)).toBe('200')
    issuer.behave({ kind: 'fail', status: 500 }, 'discovery')
    clock.advance(301)
    expect(await ask(token)).toBe('200')
    expect(await ask(bogusToken(issuer, 'unknown'))).toBe('503 key_source_unavailable')
    clock.advance(900)
    expect(await ask(token)).toBe('503 key_source_unavailable')
  })

  it('has one deadline for both documents', async () => {
    const { issuer, ask } = await startDiscovery({ timeoutSeconds: 0.4 })
    issuer.behave({ kind: 'delay', milliseconds: 250 }, 'discovery')
    issuer.behave({ kind: 'delay', milliseconds: 250 })
    const startedAt = performance.now()
    expect(await ask(await issuer.token())).toBe('503 key_source_unavailable')
    expect(performance.now() - startedAt).toBeLessThan(1500)
    expect(issuer.fetches).toEqual({ discovery: 1, jwks: 1 })
  })

  it('follows keys that moved', async () => {
    const old = await startDiscovery({ maxCacheSeconds: 600 })
    const { issuer, clock, ask } = old
    const before = await issuer.token({ lifetimeSeconds: 100_000 })
    expect(await ask(before)).toBe('200')
    const next = await startIssuer({ keys: [testKeys.eddsa] })
    issuer.behave({ kind: 'document', body: { issuer: issuer.issuer, jwks_uri: next.jwksUrl } }, 'discovery')
    clock.advance(601)
    expect(await ask(await issuer.token({ key: testKeys.eddsa }))).toBe('200')
    expect(await ask(before)).toBe('401 unknown_key')
    expect(next.fetches.jwks).toBeGreaterThanOrEqual(1)
  })

  it('sends no ETag of the old place to the new one', async () => {
    const { issuer, clock, ask, loads } = await startDiscovery()
    issuer.cache({ etag: '"same"' })
    const token = await issuer.token({ lifetimeSeconds: 100_000 })
    expect(await ask(token)).toBe('200')
    const next = await startIssuer({ keys: [testKeys.es256] })
    next.cache({ etag: '"same"' })
    issuer.behave({ kind: 'document', body: { issuer: issuer.issuer, jwks_uri: next.jwksUrl } }, 'discovery')
    clock.advance(301)
    expect(await ask(token)).toBe('200')
    await until(() => loads.length === 2)
    expect(next.requests[0]?.headers['if-none-match']).toBeUndefined()
  })

  it('costs an unknown kid one fetch of each document, within the same limits', async () => {
    const { issuer, ask } = await startDiscovery()
    expect(await ask(await issuer.token())).toBe('200')
    issuer.addKey(testKeys.eddsa)
    expect(await ask(await issuer.token({ key: testKeys.eddsa }))).toBe('200')
    expect(issuer.fetches).toEqual({ discovery: 2, jwks: 2 })
  })
})
