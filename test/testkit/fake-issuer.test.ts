import { once } from 'node:events'
import { get } from 'node:http'
import { createFakeCognito, createFakeIssuer, type FakeIssuer, fixedClock, renameKey, testKeys, tokenFactory } from '@countersign/testkit'
import { createLocalJWKSet, createRemoteJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

interface Jwks extends JSONWebKeySet {
  keys: { kid: string; kty: string; alg?: string; d?: string; x?: string; use?: string }[]
}

async function jwksOf(fake: FakeIssuer): Promise<Jwks> {
  return (await (await fetch(fake.jwksUrl)).json()) as Jwks
}

describe('a fake issuer', () => {
  let issuer: FakeIssuer
  beforeEach(async () => {
    issuer = await createFakeIssuer({ audience: 'https://api.test' })
  })
  afterEach(() => issuer.close())

  it('publishes public keys only, and tokens that verify with them', async () => {
    const jwks = await jwksOf(issuer)
    expect(jwks.keys.map(({ kid, alg, use }) => [kid, alg, use])).toEqual([
      ['test-es256', 'ES256', 'sig'],
      ['test-rs256', 'RS256', 'sig'],
    ])
    expect(jwks.keys.every((key) => key.d === undefined)).toBe(true)
    for (const alg of ['ES256', 'RS256'] as const) {
      const { payload } = await jwtVerify(await issuer.token({ alg }), createLocalJWKSet(jwks), {
        issuer: issuer.issuer,
        audience: 'https://api.test',
        algorithms: [alg],
      })
      expect(payload.sub).toBe('user-1')
    }
  })

  it('serves discovery in all three places', async () => {
    const nested = await createFakeIssuer({ path: '/realms/a', metadata: { jwks_uri: 'https://elsewhere.test/jwks' } })
    for (const path of [
      '/realms/a/.well-known/openid-configuration',
      '/realms/a/.well-known/oauth-authorization-server',
      '/.well-known/oauth-authorization-server/realms/a',
    ]) {
      const document = await (await fetch(nested.url + path)).json()
      expect(document).toMatchObject({ issuer: nested.issuer, jwks_uri: 'https://elsewhere.test/jwks' })
    }
    expect(nested.fetches).toEqual({ jwks: 0, discovery: 3 })
    await nested.close()
  })

  it('counts fetches and keeps what was asked', async () => {
    await jwksOf(issuer)
    await fetch(issuer.jwksUrl, { headers: { 'if-none-match': '"x"' } })
    await fetch(`${issuer.url}/elsewhere`)
    expect(issuer.fetches).toEqual({ jwks: 2, discovery: 0 })
    expect(issuer.requests[1]?.headers['if-none-match']).toBe('"x"')
    expect(issuer.requests).toHaveLength(3)
  })

  it('rotates: adds, removes and changes the material under a kid', async () => {
    issuer.addKey(testKeys.eddsa)
    issuer.removeKey('test-rs256')
    const before = await jwksOf(issuer)
    issuer.replaceKey('test-es256', renameKey(testKeys.es256Other, { kid: 'test-es256' }))
    const after = await jwksOf(issuer)
    expect(before.keys.map(({ kid }) => kid)).toEqual(['test-es256', 'test-eddsa'])
    expect(after.keys.map(({ kid }) => kid)).toEqual(['test-es256', 'test-eddsa'])
    expect(after.keys[0]?.x).not.toBe(before.keys[0]?.x)
    await expect(jwtVerify(await issuer.token(), createLocalJWKSet(after))).resolves.toBeDefined()
    await expect(jwtVerify(await issuer.token(), createLocalJWKSet(before))).rejects.toThrow()
  })

  it('publishes members exactly as given', async () => {
    issuer.publish({ kty: 'oct', k: 'c2VjcmV0', kid: 'secret' }, null)
    expect((await jwksOf(issuer)).keys.slice(2)).toEqual([{ kty: 'oct', k: 'c2VjcmV0', kid: 'secret' }, null])
  })

  it('leaves a claim or header member out when it is undefined', async () => {
    const token = await issuer.token({ claims: { exp: undefined, scope: 'a b' }, header: { kid: undefined, typ: 'JWT' } })
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', typ: 'JWT' })
    expect(decodeJwt(token)).not.toHaveProperty('exp')
    expect(decodeJwt(token)).toMatchObject({ scope: 'a b', aud: 'https://api.test' })
  })

  it('names a kid that it does not publish', async () => {
    expect(decodeProtectedHeader(await issuer.token({ kid: 'bogus' }))).toMatchObject({ kid: 'bogus', alg: 'ES256' })
  })

  it('tells the time of its clock', async () => {
    const clock = fixedClock(1_000)
    const timed = await createFakeIssuer({ now: clock.now })
    clock.advance(0.5)
    expect(decodeJwt(await timed.token({ lifetimeSeconds: 60 }))).toMatchObject({ iat: 1000, exp: 1060 })
    clock.set(5_000)
    expect(decodeJwt(await timed.token())).toMatchObject({ iat: 5000, exp: 5300 })
    await timed.close()
  })

  it('works with a client that it was not made for', async () => {
    await expect(jwtVerify(await issuer.token(), createRemoteJWKSet(new URL(issuer.jwksUrl)))).resolves.toBeDefined()
  })

  it('goes down and comes back on the same port', async () => {
    await issuer.stop()
    await issuer.stop()
    await expect(fetch(issuer.jwksUrl)).rejects.toThrow()
    await issuer.restart()
    expect((await fetch(issuer.jwksUrl)).status).toBe(200)
  })
})

describe('a fake issuer with bad manners', () => {
  let issuer: FakeIssuer
  beforeEach(async () => {
    issuer = await createFakeIssuer()
  })
  afterEach(() => issuer.close())

  it('fails with a status, on one endpoint only', async () => {
    issuer.behave({ kind: 'fail', status: 503, headers: { 'retry-after': '7' } })
    const reply = await fetch(issuer.jwksUrl)
    expect([reply.status, reply.headers.get('retry-after')]).toEqual([503, '7'])
    expect((await fetch(`${issuer.url}/.well-known/openid-configuration`)).status).toBe(200)
    issuer.behave(undefined)
    expect((await fetch(issuer.jwksUrl)).status).toBe(200)
  })

  it('hangs', async () => {
    issuer.behave({ kind: 'hang' })
    await expect(fetch(issuer.jwksUrl, { signal: AbortSignal.timeout(100) })).rejects.toThrow(/timeout/)
  })

  it('drips: headers at once, bytes later', async () => {
    issuer.behave({ kind: 'drip', intervalMs: 20 })
    const reply = await fetch(issuer.jwksUrl, { signal: AbortSignal.timeout(300) })
    expect(reply.status).toBe(200)
    await expect(reply.text()).rejects.toThrow(/timeout/)
  })

  it('drips to the end when it is given the time', async () => {
    issuer.behave({ kind: 'drip', intervalMs: 0 })
    expect((await jwksOf(issuer)).keys).toHaveLength(2)
  })

  it('closes the connection', async () => {
    issuer.behave({ kind: 'close' })
    await expect(fetch(issuer.jwksUrl)).rejects.toThrow()
  })

  it('promises more than it sends', async () => {
    issuer.behave({ kind: 'truncate' })
    const reply = await fetch(issuer.jwksUrl)
    await expect(reply.text()).rejects.toThrow()
  })

  it('redirects', async () => {
    issuer.behave({ kind: 'redirect', location: 'http://127.0.0.1:9/' })
    const reply = await fetch(issuer.jwksUrl, { redirect: 'manual' })
    expect([reply.status, reply.headers.get('location')]).toEqual([302, 'http://127.0.0.1:9/'])
  })

  it('delays', async () => {
    issuer.behave({ kind: 'delay', milliseconds: 80 })
    const started = performance.now()
    await jwksOf(issuer)
    expect(performance.now() - started).toBeGreaterThan(70)
  })

  it('sends another document', async () => {
    issuer.behave({ kind: 'document', body: '<html>', contentType: 'text/html' })
    const reply = await fetch(issuer.jwksUrl)
    expect([reply.headers.get('content-type'), await reply.text()]).toEqual(['text/html', '<html>'])
    issuer.behave({ kind: 'document', body: { keys: [] } })
    expect((await jwksOf(issuer)).keys).toEqual([])
  })

  it('lies about caching', async () => {
    issuer.cache({ cacheControl: 'max-age=31536000', ageSeconds: 100, etag: '"same"', notModified: 'never', headers: { expires: '0' } })
    const first = await fetch(issuer.jwksUrl, { headers: { 'if-none-match': '"same"' } })
    expect(first.status).toBe(200)
    expect(['cache-control', 'age', 'etag', 'expires'].map((name) => first.headers.get(name))).toEqual([
      'max-age=31536000',
      '100',
      '"same"',
      '0',
    ])
    issuer.cache({ notModified: 'always' })
    expect(await statusWithEtag(issuer, '"other"')).toBe(304)
  })

  it('tells the truth about caching when it is told to', async () => {
    issuer.cache({ etag: true })
    const etag = (await fetch(issuer.jwksUrl)).headers.get('etag') ?? ''
    expect(await statusWithEtag(issuer, etag)).toBe(304)
    issuer.removeKey('test-rs256')
    expect(await statusWithEtag(issuer, etag)).toBe(200)
  })
})

// fetch hides a 304 that it asked for by itself; node:http does not.
async function statusWithEtag(issuer: FakeIssuer, etag: string): Promise<number | undefined> {
  const [reply] = await once(get(issuer.jwksUrl, { headers: { 'if-none-match': etag } }), 'response')
  reply.resume()
  return reply.statusCode
}

describe('a fake user pool', () => {
  it('issues both kinds of tokens in both forms of the issuer', async () => {
    const pool = await createFakeCognito({ region: 'eu-west-1', clientId: 'app' })
    expect(pool.issuer).toBe('https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Test00000')
    expect(pool.jwksUrl).toBe(`${pool.url}/eu-west-1_Test00000/.well-known/jwks.json`)
    const access = await pool.accessToken({ claims: { iss: pool.otherIssuer } })
    expect(decodeProtectedHeader(access)).toEqual({ alg: 'RS256', kid: 'test-rs256' })
    expect(decodeJwt(access)).toMatchObject({
      token_use: 'access',
      client_id: 'app',
      iss: 'https://issuer-cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Test00000',
    })
    expect(decodeJwt(access)).not.toHaveProperty('aud')
    expect(decodeJwt(await pool.idToken())).toMatchObject({ token_use: 'id', aud: 'app', iss: pool.issuer })
    await jwtVerify(access, createLocalJWKSet(await jwksOf(pool)))
    expect(pool.fetches.jwks).toBe(1)
    await pool.close()
  })
})

describe('a token factory', () => {
  it('makes tokens that its JWK Set verifies, without a server', async () => {
    const factory = tokenFactory({ issuer: 'https://issuer.test', audience: 'a', keys: [testKeys.ps256], jwkMembers: { alg: undefined } })
    const jwks = factory.jwks() as unknown as JSONWebKeySet
    expect(jwks.keys[0]).not.toHaveProperty('alg')
    const { payload } = await jwtVerify(await factory.token({ claims: { sub: 'b' } }), createLocalJWKSet(jwks), { audience: 'a' })
    expect(payload).toMatchObject({ iss: 'https://issuer.test', sub: 'b' })
  })

  it('needs a key', async () => {
    await expect(tokenFactory({ issuer: 'https://issuer.test', keys: [] }).token()).rejects.toThrow(TypeError)
  })
})
