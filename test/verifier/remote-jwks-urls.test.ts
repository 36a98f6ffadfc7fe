import { testKeys } from '@countersign/testkit'
import { createGuard, jwks, oidc } from '@countersign/verifier'
import { describe, expect, it } from 'vitest'
import { answerOf, audience, startIssuer, startTrial } from './remote-jwks-setup.js'

const rule = { issuer: 'https://issuer.test', algorithms: ['ES256'] as const, audience }

describe('the URL of keys', () => {
  it.each([
    'http://issuer.test/jwks',
    'http://127.0.0.1.evil.test/jwks',
    'http://localhost.evil.test/jwks',
    'http://10.0.0.1/jwks',
    'http://0.0.0.0/jwks',
    'http://[::2]/jwks',
    'ftp://127.0.0.1/jwks',
    'file:///etc/jwks.json',
    'data:application/json,{"keys":[]}',
    'https://user:secret@issuer.test/jwks',
    'https://user@issuer.test/jwks',
    'http://:secret@127.0.0.1/jwks',
    'issuer.test/jwks',
    '',
  ])('%s is refused at start-up', (url) => {
    expect(() => jwks({ ...rule, url })).toThrow(TypeError)
  })

  it.each([
    'https://issuer.test/jwks',
    'http://localhost:8080/jwks',
    'http://127.0.0.1:8080/jwks',
    'http://[::1]:8080/jwks',
    'HTTP://LOCALHOST/jwks',
  ])('%s is taken', (url) => {
    expect(() => jwks({ ...rule, url })).not.toThrow()
  })

  it('plain http elsewhere needs allowInsecure, which allows nothing else', () => {
    expect(() => jwks({ ...rule, url: 'http://issuer.internal/jwks', allowInsecure: true })).not.toThrow()
    expect(() => jwks({ ...rule, url: 'ftp://issuer.internal/jwks', allowInsecure: true })).toThrow(TypeError)
    expect(() => jwks({ ...rule, url: 'http://a:b@issuer.internal/jwks', allowInsecure: true })).toThrow(TypeError)
  })

  it('the same holds for metadata', () => {
    const { algorithms } = rule
    expect(() => oidc({ issuer: 'http://issuer.test', algorithms, audience })).toThrow(TypeError)
    expect(() => oidc({ issuer: 'https://a:b@issuer.test', algorithms, audience })).toThrow(TypeError)
    expect(() => oidc({ issuer: 'no URL', algorithms, audience })).toThrow(TypeError)
    expect(() => oidc({ issuer: 'https://issuer.test', metadataUrl: 'http://issuer.test/meta', algorithms, audience })).toThrow(TypeError)
    expect(() => oidc({ issuer: 'http://issuer.test', allowInsecure: true, algorithms, audience })).not.toThrow()
  })
})

describe('options of a remote issuer', () => {
  it.each([
    { minCacheSeconds: 0 },
    { minCacheSeconds: Number.NaN },
    { minCacheSeconds: 601 },
    { maxCacheSeconds: 59 },
    { maxCacheSeconds: Number.POSITIVE_INFINITY },
    { staleIfErrorSeconds: -1 },
    { staleIfErrorSeconds: Number.POSITIVE_INFINITY },
    { timeoutSeconds: 0 },
    { timeoutSeconds: 1e9 },
    { timeoutSeconds: '5' as unknown as number },
  ])('%o is refused at start-up', (options) => {
    expect(() => jwks({ ...rule, url: 'https://issuer.test/jwks', ...options })).toThrow(TypeError)
  })
})

describe('fetch', () => {
  it('of the guard is used for every issuer, and that of an entry before it', async () => {
    const used: string[] = []
    const through =
      (name: string): typeof fetch =>
      (url, init) => {
        used.push(name)
        return fetch(url, init)
      }
    const first = await startIssuer()
    const second = await startIssuer()
    const guard = createGuard({
      fetch: through('guard'),
      issuers: {
        first: jwks({ ...rule, issuer: first.issuer, url: first.jwksUrl }),
        second: jwks({ ...rule, issuer: second.issuer, url: second.jwksUrl, fetch: through('entry') }),
      },
    })
    expect(await answerOf(guard, await first.token({ key: testKeys.es256 }))).toBe('200')
    expect(await answerOf(guard, await second.token({ key: testKeys.es256 }))).toBe('200')
    expect(used).toEqual(['guard', 'entry'])
    await guard.close()
  })

  it.each<[string, typeof fetch]>([
    ['rejects with no error', () => Promise.reject(undefined)],
    [
      'throws at once',
      () => {
        throw new Error('no network')
      },
    ],
    ['answers with nothing', async () => undefined as unknown as Response],
    ['answers without a body', async () => new Response(null)],
    [
      'answers with a body that breaks',
      async () => new Response(new ReadableStream({ start: (controller) => controller.error(new Error('broken')) })),
    ],
  ])('that %s is an outage', async (_name, broken) => {
    const { issuer, ask } = await startTrial({ fetch: broken })
    expect(await ask(await issuer.token())).toBe('503 key_source_unavailable')
  })
})
