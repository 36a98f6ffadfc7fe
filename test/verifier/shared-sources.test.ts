import { fixedClock, publicJwkOf, testKeys, tokenFactory } from '@countersign/testkit'
import { createGuard, type JwksOptions, jwks, jwksRsa, oidc } from '@countersign/verifier'
import { describe, expect, it, onTestFinished } from 'vitest'
import { answerOf, audience, recordedLoads, startIssuer } from './remote-jwks-setup.js'

const tenantOf = (name: string): string => `https://login.test/${name}/v2.0`
const names = Array.from({ length: 50 }, (_, index) => `tenant-${index}`)

async function startTenants() {
  const clock = fixedClock()
  const server = await startIssuer({ now: clock.now })
  const entryOf = (issuer: string, options: Partial<JwksOptions> = {}) =>
    jwks({ issuer, url: server.jwksUrl, algorithms: ['ES256'], audience, ...options })
  const tokenOf = (issuer: string, key = testKeys.es256): Promise<string> =>
    tokenFactory({ issuer, audience, keys: [key], now: clock.now }).token({ lifetimeSeconds: 100_000 })
  return { clock, server, entryOf, tokenOf }
}

describe('entries whose keys stand at one URL', () => {
  it('cost one fetch for 50 tenants', async () => {
    const { clock, server, entryOf, tokenOf } = await startTenants()
    const resolve = async (issuer: string) => entryOf(issuer)
    const guard = createGuard({ now: clock.now, issuers: {}, resolveIssuer: { via: 'tenant', prefixes: ['https://login.test/'], resolve } })
    onTestFinished(() => guard.close())
    const answers = await Promise.all(names.map(async (name) => answerOf(guard, await tokenOf(tenantOf(name)))))
    expect(new Set(answers)).toEqual(new Set(['200']))
    expect(server.fetches.jwks).toBe(1)
  })

  it('keep the keys when a tenant is given anew by an equal entry, or forgotten while others have them', async () => {
    const { clock, server, entryOf, tokenOf } = await startTenants()
    const known = new Set(names.slice(0, 2).map(tenantOf))
    const resolve = async (issuer: string) => (known.has(issuer) ? entryOf(issuer) : undefined)
    const guard = createGuard({
      now: clock.now,
      issuers: {},
      resolveIssuer: { via: 'tenant', prefixes: ['https://login.test/'], resolve, maxCacheSeconds: 10 },
    })
    onTestFinished(() => guard.close())
    const [first = '', second = ''] = await Promise.all([...known].map((issuer) => tokenOf(issuer)))
    for (let round = 0; round < 3; round += 1) {
      expect([await answerOf(guard, first), await answerOf(guard, second)]).toEqual(['200', '200'])
      clock.advance(11)
    }
    known.delete(tenantOf('tenant-0'))
    expect([await answerOf(guard, first), await answerOf(guard, second)]).toEqual(['401 unknown_issuer', '200'])
    expect(server.fetches.jwks).toBe(1)
  })

  it('have sources of their own where options or fetch differ', async () => {
    const { clock, server, entryOf, tokenOf } = await startTenants()
    const own: JwksOptions['fetch'] = (url, init) => fetch(url, init)
    const other: JwksOptions['fetch'] = (url, init) => fetch(url, init)
    const differences: readonly Partial<JwksOptions>[] = [{}, { maxCacheSeconds: 500 }, { maxKeys: 7 }, { fetch: own }, { fetch: other }]
    const entries = differences.map((options, index) => [`e${index}`, entryOf(tenantOf(`tenant-${index}`), options)] as const)
    const again = entryOf(tenantOf('tenant-5'), { fetch: own })
    const guard = createGuard({ now: clock.now, issuers: { ...Object.fromEntries(entries), again } })
    onTestFinished(() => guard.close())
    for (const name of names.slice(0, 6)) expect(await answerOf(guard, await tokenOf(tenantOf(name)))).toBe('200')
    expect(server.fetches.jwks).toBe(differences.length)
  })

  it('are loaded by the last entry that has them, under its name, and end with it', async () => {
    const { clock, server, entryOf, tokenOf } = await startTenants()
    const loads = recordedLoads()
    const guard = createGuard({ now: clock.now, issuers: { a: entryOf(tenantOf('a')), b: entryOf(tenantOf('b')) } })
    onTestFinished(() => guard.close())
    expect(await answerOf(guard, await tokenOf(tenantOf('a')))).toBe('200')
    guard.verifier.removeIssuer('a')
    clock.advance(601)
    expect(await answerOf(guard, await tokenOf(tenantOf('b')))).toBe('200')
    expect(loads.map(({ via }) => via)).toEqual(['a', 'b'])
    server.behave({ kind: 'hang' })
    clock.advance(601)
    const waiting = answerOf(guard, await tokenOf(tenantOf('b')))
    await new Promise((resolve) => setTimeout(resolve, 50))
    guard.verifier.removeIssuer('b')
    const startedAt = performance.now()
    expect(await waiting).toBe('401 unknown_issuer')
    expect(performance.now() - startedAt).toBeLessThan(1000)
    server.behave(undefined)
    guard.verifier.setIssuer('a', entryOf(tenantOf('c')))
    expect(await answerOf(guard, await tokenOf(tenantOf('c')))).toBe('200')
    expect(server.fetches.jwks).toBe(4)
  })

  it('are not shared by two guards', async () => {
    const { clock, server, entryOf, tokenOf } = await startTenants()
    const entry = entryOf(tenantOf('a'))
    for (let count = 1; count <= 2; count += 1) {
      const guard = createGuard({ now: clock.now, issuers: { entry } })
      onTestFinished(() => guard.close())
      expect(await answerOf(guard, await tokenOf(tenantOf('a')))).toBe('200')
      expect(server.fetches.jwks).toBe(count)
    }
  })

  it('are shared by the entries of one jwks-rsa client, and never by a document with metadata of another issuer', async () => {
    const { clock, server, tokenOf } = await startTenants()
    const count = { calls: 0 }
    const client = {
      async getKeys() {
        count.calls += 1
        return [publicJwkOf(testKeys.es256)]
      },
    }
    const [a, b] = ['a', 'b'].map((name) => jwksRsa({ issuer: tenantOf(name), client, algorithms: ['ES256'], audience })) as [
      ReturnType<typeof jwksRsa>,
      ReturnType<typeof jwksRsa>,
    ]
    const metadataUrl = `${server.issuer}/.well-known/openid-configuration`
    const rule = { algorithms: ['ES256'], audience, metadataUrl } as const
    const guard = createGuard({
      now: clock.now,
      issuers: { a, b, right: oidc({ issuer: server.issuer, ...rule }), wrong: oidc({ issuer: tenantOf('x'), ...rule }) },
    })
    onTestFinished(() => guard.close())
    expect(await answerOf(guard, await tokenOf(tenantOf('a')))).toBe('200')
    expect(await answerOf(guard, await tokenOf(tenantOf('b')))).toBe('200')
    expect(count.calls).toBe(1)
    expect(await answerOf(guard, await server.token())).toBe('200')
    expect(await answerOf(guard, await tokenOf(tenantOf('x')))).toBe('503 key_source_unavailable')
  })
})
