import type { KeyRegistryOptions } from '@countersign/keys'
import request from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { adapters } from '../contracts/adapters.js'
import { type Deployment, deploy, deployReady, done, safeAfter, startsAt, verifiesFor } from './registry-setup.js'

const path = '/.well-known/jwks.json'

/** What the endpoint answers without a mount. */
async function fetchJwks(
  deployment: Deployment & { registry: ReturnType<Deployment['start']> },
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; headers: Readonly<Record<string, unknown>>; kids: readonly string[] }> {
  const [route] = deployment.registry.jwks()
  const reply = await route?.endpoint({ method: 'GET', url: path, headers })
  const { keys } = JSON.parse(String(reply?.body ?? '{"keys":[]}')) as { keys: { kid: string }[] }
  return { status: reply?.status ?? 0, headers: reply?.headers ?? {}, kids: keys.map(({ kid }) => kid) }
}

describe.each(adapters)('over HTTP on $name', ({ start }) => {
  const deployment = deploy()
  let url = ''
  let close: () => Promise<void>

  beforeAll(async () => {
    const registry = deployment.start({ algorithms: ['ES256', 'RS256', 'EdDSA'] })
    await registry.ready()
    const server = await start((app) => {
      app.routes(registry.jwks())
      app.routes(registry.jwks('/keys'))
    })
    url = server.url
    close = server.close
  })
  afterAll(() => close())

  it('is a JWK Set with public members only', async () => {
    const answer = await request(url).get(path).expect(200)
    expect(answer.headers).toMatchObject({
      'content-type': 'application/jwk-set+json',
      'cache-control': 'public, max-age=300, must-revalidate',
      etag: expect.stringMatching(/^"[\w-]{43}"$/),
    })
    const { keys } = JSON.parse(answer.text) as { keys: object[] }
    expect(keys.map((key) => Object.keys(key).sort())).toEqual([
      ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'],
      ['alg', 'e', 'kid', 'kty', 'n', 'use'],
      ['alg', 'crv', 'kid', 'kty', 'use', 'x'],
    ])
    expect(keys).toMatchObject([{ alg: 'ES256', use: 'sig' }, { alg: 'RS256' }, { alg: 'EdDSA' }])
  })

  it('is 304 for whoever has it', async () => {
    const { etag } = (await request(url).get(path)).headers as { etag: string }
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const answer = await request(url).get(path).set('if-none-match', known).expect(304)
      expect(answer.text).toBe('')
      expect(answer.headers).toMatchObject({ etag, 'cache-control': 'public, max-age=300, must-revalidate' })
    }
    for (const unknown of ['"other"', etag.slice(1, -1), '']) await request(url).get(path).set('if-none-match', unknown).expect(200)
  })

  it('answers HEAD like GET, without the body', async () => {
    const { headers } = await request(url).get(path)
    const answer = await request(url).head(path).expect(200)
    expect(answer.text).toBeUndefined()
    expect(answer.headers).toMatchObject({ etag: headers.etag, 'content-type': 'application/jwk-set+json' })
  })

  it('stands where the host wants it, for GET and HEAD alone', async () => {
    await request(url).get('/keys').expect(200)
    await request(url).post(path).expect(405).expect('allow', 'GET, HEAD')
  })

  it('is 503 with Retry-After while the store is down, for whoever has it too', async () => {
    deployment.keys.isDown = true
    try {
      for (const known of ['', '*']) {
        const answer = await request(url).get(path).set('if-none-match', known).expect(503)
        expect(answer.headers).toMatchObject({ 'retry-after': '1', 'cache-control': 'no-store' })
        expect(answer.text).not.toContain('connection refused')
      }
    } finally {
      deployment.keys.isDown = false
    }
    await request(url).get(path).expect(200)
  })
})

describe('what is published', () => {
  it('staged, active and retiring keys; no retired and no revoked ones', async () => {
    const deployment = await deployReady()
    const { registry, first, clock } = deployment
    const next = done(await registry.signing.rotate())
    expect((await fetchJwks(deployment)).kids).toEqual([first, next])
    clock.advance(safeAfter)
    expect((await fetchJwks(deployment)).kids).toEqual([first, next])
    clock.advance(verifiesFor)
    expect((await fetchJwks(deployment)).kids).toEqual([next])
    const standby = done(await registry.signing.generate())
    await registry.signing.revoke(next)
    expect((await fetchJwks(deployment)).kids).toEqual([standby])
  })

  it('what another process has just staged', async () => {
    const deployment = await deployReady()
    const kid = done(await deployment.start().signing.generate())
    expect((await fetchJwks(deployment)).kids).toContain(kid)
  })

  it('public members only, whatever got into the store', async () => {
    const deployment = await deployReady()
    const address = { collection: 'own_keys', id: 'https://api.test' }
    const document = await deployment.stores.keys.get(address)
    const ring = JSON.parse(document?.value ?? '') as { keys: { publicJwk: Record<string, unknown> }[] }
    Object.assign(ring.keys[0]?.publicJwk ?? {}, { d: 'c2VjcmV0', k: 'c2VjcmV0' })
    await deployment.stores.keys.put({ ...address, value: JSON.stringify(ring), revision: document?.revision ?? 0 })
    const [route] = deployment.start().jwks()
    const reply = await route?.endpoint({ method: 'GET', url: path, headers: {} }).catch((error: unknown) => error)
    expect(JSON.stringify(reply)).not.toContain('c2VjcmV0')
  })
})

describe('for how long it may be kept', () => {
  const maxAge = async (deployment: Parameters<typeof fetchJwks>[0]): Promise<unknown> =>
    (await fetchJwks(deployment)).headers['cache-control']
  const seconds = (age: number): string => `public, max-age=${age}, must-revalidate`

  it('at most until the next transition', async () => {
    const deployment = await deployReady()
    const { registry, clock } = deployment
    await registry.signing.rotate()
    const seen: unknown[] = []
    for (const second of [0, safeAfter - 300, safeAfter - 299, safeAfter - 10, safeAfter, safeAfter + verifiesFor - 5]) {
      clock.set(startsAt + second)
      seen.push(await maxAge(deployment))
    }
    expect(seen).toEqual([300, 300, 299, 10, 300, 5].map(seconds))
  })

  it('at most as long as the option says', async () => {
    expect(await maxAge(await deployReady({ jwksMaxAgeSeconds: 1 }))).toBe(seconds(1))
  })

  it('shortly for an hour after a revocation', async () => {
    const deployment = await deployReady()
    await deployment.registry.signing.revoke(deployment.first)
    expect(await maxAge(deployment)).toBe(seconds(15))
    deployment.clock.advance(3600)
    expect(await maxAge(deployment)).toBe(seconds(300))
  })

  it('not at all while there is no key: the first one signs at once', async () => {
    const deployment = deploy()
    const options: Partial<KeyRegistryOptions> = { generateFirst: false }
    const reply = await fetchJwks({ ...deployment, registry: deployment.start(options) })
    expect(reply).toMatchObject({ status: 200, kids: [], headers: { 'cache-control': 'no-store' } })
  })
})

it('the ETag changes with the keys and with nothing else', async () => {
  const deployment = await deployReady()
  const etag = async (): Promise<unknown> => (await fetchJwks(deployment)).headers.etag
  const first = await etag()
  deployment.clock.advance(100_000)
  expect(await etag()).toBe(first)
  await deployment.registry.signing.generate()
  expect(await etag()).not.toBe(first)
})
