import { type FakeIssuer, fixedClock, testKeys } from '@countersign/testkit'
import { createGuard, type JwksRsaOptions, jwksRsa } from '@countersign/verifier'
import jwksClient, { type Options } from 'jwks-rsa'
import { describe, expect, it, onTestFinished } from 'vitest'
import { answerOf, audience, bogusToken, recordedLoads, startIssuer, type Trial, tokens } from './remote-jwks-setup.js'

async function startWithClient(clientOptions: Partial<Options> = {}, options: Partial<JwksRsaOptions> = {}): Promise<Trial> {
  const clock = fixedClock()
  const loads = recordedLoads()
  const issuer = await startIssuer({ now: clock.now })
  const client = jwksClient({ jwksUri: issuer.jwksUrl, ...clientOptions })
  const entry = jwksRsa({ client, issuer: issuer.issuer, algorithms: ['ES256', 'RS256', 'EdDSA'], audience, ...options })
  const guard = createGuard({ now: clock.now, issuers: { partner: entry } })
  onTestFinished(() => guard.close())
  return { issuer, clock, guard, loads, ask: (token) => answerOf(guard, token) }
}

async function rotate(issuer: FakeIssuer): Promise<string> {
  issuer.addKey(testKeys.eddsa)
  return issuer.token({ key: testKeys.eddsa })
}

describe.each<[string, Partial<Options>]>([
  ['its cache and its rateLimit off', { cache: false, rateLimit: false }],
  ['its cache on', { cache: true, rateLimit: false }],
  ['its rateLimit on', { cache: false, rateLimit: true, jwksRequestsPerMinute: 2 }],
  ['both on', { cache: true, rateLimit: true, jwksRequestsPerMinute: 2 }],
])('a jwks-rsa client with %s', (_name, clientOptions) => {
  it('fetches once for 500 cold requests', async () => {
    const { issuer, ask } = await startWithClient(clientOptions)
    expect(new Set(await Promise.all((await tokens(issuer, 500)).map(ask)))).toEqual(new Set(['200']))
    expect(issuer.fetches.jwks).toBe(1)
  })

  it('fetches at most twice for 500 unknown kids, and hangs none of them', async () => {
    const { issuer, ask } = await startWithClient(clientOptions)
    expect(await ask(await issuer.token())).toBe('200')
    const answers = await Promise.all(Array.from({ length: 500 }, (_, index) => ask(bogusToken(issuer, `bogus-${index}`))))
    expect(new Set(answers)).toEqual(new Set(['401 unknown_key']))
    expect(issuer.fetches.jwks - 1).toBeLessThanOrEqual(2)
  })

  it('brings a rotated key at once, and a withdrawn one is refused within one refresh interval', async () => {
    const { issuer, clock, ask } = await startWithClient(clientOptions)
    const old = await issuer.token({ lifetimeSeconds: 100_000 })
    expect(await ask(old)).toBe('200')
    expect(await ask(await rotate(issuer))).toBe('200')
    issuer.removeKey(testKeys.es256.kid)
    clock.advance(601)
    expect(await ask(old)).toBe('401 unknown_key')
  })

  it('that is down is 503 when cold, and known kids pass as stale', async () => {
    const { issuer, clock, ask } = await startWithClient(clientOptions)
    issuer.behave({ kind: 'fail', status: 500 })
    const token = await issuer.token({ lifetimeSeconds: 100_000 })
    expect(await ask(token)).toBe('503 key_source_unavailable')
    issuer.behave(undefined)
    clock.advance(1.01)
    expect(await ask(token)).toBe('200')
    await issuer.stop()
    clock.advance(601)
    expect(await ask(token)).toBe('200')
    expect(await ask(await rotate(issuer))).toBe('503 key_source_unavailable')
    clock.advance(1000)
    expect(await ask(token)).toBe('503 key_source_unavailable')
  })
})

describe('a jwks-rsa client', () => {
  it('whose fetch hangs is given up after timeoutSeconds', async () => {
    const { issuer, ask, loads } = await startWithClient({}, { timeoutSeconds: 0.2 })
    issuer.behave({ kind: 'hang' })
    expect(await ask(await issuer.token())).toBe('503 key_source_unavailable')
    expect(String(loads[0]?.cause)).toMatch(/no whole answer within 200 ms/)
  })

  it('keeps its own fetcher and headers', async () => {
    const { issuer, ask } = await startWithClient({ requestHeaders: { 'x-tenant': 'a' } })
    expect(await ask(await issuer.token())).toBe('200')
    expect(issuer.requests[0]?.headers['x-tenant']).toBe('a')
    const fetched: string[] = []
    const keys = { keys: [] }
    const own = await startWithClient({
      fetcher: async (uri) => {
        fetched.push(uri)
        return keys
      },
    })
    expect(await own.ask(await own.issuer.token())).toBe('401 unknown_key')
    expect(fetched.length).toBeGreaterThanOrEqual(1)
    expect(own.issuer.requests).toHaveLength(0)
  })

  it.each([
    ['no list', { keys: 'none' }],
    ['nothing', {}],
  ])('that brings %s is an outage', async (_name, body) => {
    const { issuer, ask } = await startWithClient()
    issuer.behave({ kind: 'document', body })
    expect(await ask(await issuer.token())).toBe('503 key_source_unavailable')
  })

  it.each([undefined, null, {}, { getSigningKey: () => undefined }])('is needed: %o is refused at start-up', (client) => {
    const rule = { issuer: 'https://issuer.test', algorithms: ['RS256'], audience } as const
    expect(() => jwksRsa({ ...rule, client: client as unknown as JwksRsaOptions['client'] })).toThrow(TypeError)
  })
})
