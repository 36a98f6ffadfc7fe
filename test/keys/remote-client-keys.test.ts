import type { ClientKeyAnswer } from '@countersign/core'
import { jwkThumbprint } from '@countersign/jwt'
import { jwksRsaClientKeys, type RemoteClientKeysOptions, remoteClientKeys } from '@countersign/keys'
import { degenerateKeys, fixedClock, publicJwkOf, renameKey, testKeys } from '@countersign/testkit'
import { createRevocations } from '@countersign/verifier'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type JwksHost, startJwksHost } from './jwks-host.js'
import { endOf, issuer } from './registry-setup.js'

const { es256, es256Other, es384, rs256 } = testKeys

async function startHost(): Promise<JwksHost> {
  const host = await startJwksHost()
  onTestFinished(() => host.stop())
  return host
}

function keysAt(host: JwksHost, options: Partial<RemoteClientKeysOptions> = {}): ReturnType<typeof remoteClientKeys> {
  const keys = remoteClientKeys({ jwksUri: host.urlOf, allowedOrigins: [host.origin], algorithms: ['ES256', 'RS256'], ...options })
  onTestFinished(() => keys.close())
  return keys
}

const find = (keys: ReturnType<typeof remoteClientKeys>, clientId: string, kid: string | undefined = es256.kid): Promise<ClientKeyAnswer> =>
  keys.find({ clientId, kid, algorithm: 'ES256' })

describe('where the keys of a client may stand', () => {
  it('at an allowed origin only; elsewhere nothing is fetched', async () => {
    const [host, other] = [await startHost(), await startHost()]
    host.publish('a', [publicJwkOf(es256)])
    const keys = keysAt(host, { allowedOrigins: [other.origin] })
    expect(await endOf(find(keys, 'a'))).toBe('key_source_unavailable')
    expect(host.fetches('a')).toBe(0)
  })

  const urls = [
    'ftp://ehr.example/jwks',
    'file:///etc/passwd',
    'http://ehr.example/jwks',
    'https://user:pw@ehr.example/jwks',
    'https://ehr.example.evil.test/',
    'not a url',
  ]
  it.each(urls)('not at %s', async (url) => {
    const fetched: unknown[] = []
    const spy = (async (input: unknown) => {
      fetched.push(input)
      throw new Error('fetched')
    }) as typeof fetch
    const keys = remoteClientKeys({ jwksUri: () => url, allowedOrigins: ['https://ehr.example'], algorithms: ['ES256'], fetch: spy })
    expect(await endOf(find(keys, 'a'))).toBe('key_source_unavailable')
    expect(fetched).toEqual([])
  })

  it('for a client without a URL nothing is fetched, and it has no keys', async () => {
    const host = await startHost()
    expect(await find(keysAt(host), 'nobody')).toEqual({ ok: false, reason: 'unknown' })
    expect(host.fetches('nobody')).toBe(0)
  })

  it('a client that moves its keys is followed', async () => {
    const [host, other] = [await startHost(), await startHost()]
    host.publish('a', [publicJwkOf(es256)])
    other.publish('a', [publicJwkOf(es256Other)])
    const state = { host }
    const keys = keysAt(host, { jwksUri: (clientId) => state.host.urlOf(clientId), allowedOrigins: [host.origin, other.origin] })
    expect(await find(keys, 'a')).toMatchObject({ ok: true })
    state.host = other
    expect(await find(keys, 'a', es256Other.kid)).toMatchObject({ ok: true })
    expect((await keys.find({ clientId: 'a', kid: undefined, algorithm: 'ES256' })).ok).toBe(true)
  })

  it('a store of clients that is down is an outage', async () => {
    const host = await startHost()
    const jwksUri = async (): Promise<undefined> => {
      throw new Error('connection refused')
    }
    expect(await endOf(find(keysAt(host, { jwksUri }), 'a'))).toBe('key_source_unavailable')
  })
})

describe('what is believed of a set', () => {
  it('no key that must not verify', async () => {
    const host = await startHost()
    const bad = degenerateKeys()
    host.publish('a', [...bad.map(({ jwk }) => jwk), publicJwkOf(es256)])
    const keys = keysAt(host, { algorithms: ['ES256', 'RS256', 'EdDSA'] })
    expect(await find(keys, 'a')).toMatchObject({ ok: true })
    for (const { kid, alg } of bad) {
      expect(await keys.find({ clientId: 'a', kid, algorithm: alg as 'ES256' })).toEqual({ ok: false, reason: 'unknown' })
    }
  })

  it('no algorithm that the host does not accept, and none that the key does not state', async () => {
    const host = await startHost()
    host.publish('a', [publicJwkOf(es384), publicJwkOf(rs256)])
    const keys = keysAt(host)
    expect(await keys.find({ clientId: 'a', kid: es384.kid, algorithm: 'ES384' })).toEqual({ ok: false, reason: 'unknown' })
    expect(host.fetches('a')).toBe(0)
    expect(await keys.find({ clientId: 'a', kid: rs256.kid, algorithm: 'RS256' })).toMatchObject({ ok: true })
  })

  it('a set is fetched once for 100 look-ups, and again for a kid that is not in it', async () => {
    const host = await startHost()
    host.publish('a', [publicJwkOf(es256)])
    const keys = keysAt(host)
    await Promise.all(Array.from({ length: 100 }, () => find(keys, 'a')))
    expect(host.fetches('a')).toBe(1)
    host.publish('a', [publicJwkOf(es256), publicJwkOf(es256Other)])
    expect(await find(keys, 'a', es256Other.kid)).toMatchObject({ ok: true })
    expect(host.fetches('a')).toBe(2)
  })

  it('a key that the client has withdrawn ends with the life of the set', async () => {
    const [host, clock] = [await startHost(), fixedClock()]
    host.publish('a', [publicJwkOf(es256), publicJwkOf(es256Other)])
    const keys = keysAt(host, { now: clock.now })
    expect(await find(keys, 'a')).toMatchObject({ ok: true })
    host.publish('a', [publicJwkOf(es256Other)])
    clock.advance(601)
    expect(await find(keys, 'a')).toEqual({ ok: false, reason: 'unknown' })
  })

  it('a revoked key is refused although the client still publishes it', async () => {
    const host = await startHost()
    host.publish('a', [publicJwkOf(es256), publicJwkOf(es256Other)])
    const revocations = createRevocations()
    const keys = keysAt(host, { denylist: { issuer, revocations } })
    expect(await find(keys, 'a')).toMatchObject({ ok: true })
    revocations.revoke({ type: 'client_key', issuer, thumbprint: jwkThumbprint(publicJwkOf(es256)) })
    expect(await find(keys, 'a')).toEqual({ ok: false, reason: 'revoked' })
    expect(await find(keys, 'a', es256Other.kid)).toMatchObject({ ok: true })
  })
})

it('no more clients are kept than the option says; the one unused for longest goes', async () => {
  const host = await startHost()
  for (const clientId of ['a', 'b', 'c']) host.publish(clientId, [publicJwkOf(renameKey(es256, { kid: 'k' }))])
  const keys = keysAt(host, { maxClients: 2 })
  for (const clientId of ['a', 'b', 'a', 'c', 'a', 'b']) expect(await find(keys, clientId, 'k')).toMatchObject({ ok: true })
  expect(['a', 'b', 'c'].map((clientId) => host.fetches(clientId))).toEqual([1, 2, 1])
})

describe('a wrong option ends the start-up', () => {
  const right = { jwksUri: () => undefined, allowedOrigins: ['https://ehr.example'], algorithms: ['ES256'] }
  const wrong: Readonly<Record<string, object>> = {
    'no function': { jwksUri: 'https://ehr.example/jwks' },
    'no origin': { allowedOrigins: [] },
    'an origin with a path': { allowedOrigins: ['https://ehr.example/keys'] },
    'an origin without TLS': { allowedOrigins: ['http://ehr.example'] },
    'an origin that is none': { allowedOrigins: ['ehr.example'] },
    'no algorithm': { algorithms: [] },
    'a symmetric algorithm': { algorithms: ['HS256'] },
    'no client at all': { maxClients: 0 },
    'a cache without life': { minCacheSeconds: 0 },
    'a denylist without issuer': { denylist: { revocations: createRevocations() } },
  }
  it.each(Object.entries(wrong))('%s', (_name, options) => {
    expect(() => remoteClientKeys({ ...right, ...options } as RemoteClientKeysOptions)).toThrow(TypeError)
  })

  it('and for jwks-rsa clients', () => {
    expect(() => jwksRsaClientKeys({ algorithms: ['ES256'] } as never)).toThrow(TypeError)
    expect(() => jwksRsaClientKeys({ jwksClient: () => undefined, algorithms: ['none' as never] })).toThrow(TypeError)
  })
})
