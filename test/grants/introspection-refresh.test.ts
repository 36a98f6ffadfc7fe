import { Unavailable } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { createIntrospectionEndpoint, type RefreshPolicy } from '@countersign/grants'
import { describe, expect, it } from 'vitest'
import { audience, issuer } from './endpoint-setup.js'
import { keyOf, start, storesWithKeys, type Trial } from './token-status-setup.js'

async function trial(options: Parameters<typeof start>[0] = {}, changes: Parameters<Trial['register']>[0] = {}) {
  const suite = start(options)
  const client = await suite.register(changes)
  const tokens = await suite.signIn(client)
  const about = async (token: string, caller = client) => (await suite.introspect({ token }, caller.headers)).body
  return { ...suite, client, tokens, about }
}

describe('a refresh token', () => {
  it.each<[string, RefreshPolicy, number | undefined]>([
    ['without an end', { policy: 'rotating' }, undefined],
    ['that ends if nobody uses it', { policy: 'rotating', idleLifetimeSeconds: 50 }, undefined],
    ['that ends however it is used', { policy: 'rotating', idleLifetimeSeconds: 50, absoluteLifetimeSeconds: 500 }, 500],
    ['of fixed life', { policy: 'fixed', lifetimeSeconds: 5400 }, 5400],
  ])('%s is told of to its own client', async (_what, refresh, life) => {
    const { client, tokens, about, clock } = await trial({}, { refresh })
    const now = clock.now() / 1000
    expect(await about(tokens.refresh)).toEqual({
      active: true,
      iss: issuer,
      sub: 'person-1',
      client_id: client.id,
      scope: 'read write',
      auth_time: now - 5,
      amr: ['pwd', 'otp'],
      acr: 'aal2',
      ...(life !== undefined && { exp: now + life }),
    })
  })

  it('is told of to nobody else, whatever they may see of access tokens', async () => {
    const { tokens, about, register } = await trial({ introspection: { mayIntrospect: () => true } })
    const api = await register({ title: audience })
    expect((await about(tokens.access, api))?.active).toBe(true)
    expect(await about(tokens.refresh, api)).toEqual({ active: false })
  })

  it('that was used is inactive, and asking about it ends nothing', async () => {
    const { client, tokens, about, refresh } = await trial({}, { refresh: { policy: 'rotating', retryWindowSeconds: 0 } })
    const next = (await refresh(client, tokens.refresh)).body.refresh_token
    expect([await about(tokens.refresh), (await about(next))?.active]).toEqual([{ active: false }, true])
    expect((await refresh(client, next)).status).toBe(200)
  })

  it.each<[string, (one: Awaited<ReturnType<typeof trial>>) => unknown]>([
    ['revoked', ({ revoke, tokens, client }) => revoke({ token: tokens.refresh }, client.headers)],
    ['at its end', ({ clock }) => clock.advance(500)],
    [
      'whose end was brought forward',
      async ({ clients, client, clock }) => {
        await clients.update(client.id, { refresh: { policy: 'rotating', idleLifetimeSeconds: 400, absoluteLifetimeSeconds: 100 } })
        clock.advance(100)
      },
    ],
    ['of before a lock', async ({ clients, client }) => [await clients.lock(client.id), await clients.unlock(client.id)]],
    ['that the client may not use any more', ({ clients, client }) => clients.update(client.id, { refresh: { policy: 'none' } })],
    ['whose grant was taken from the client', ({ clients, client }) => clients.update(client.id, { grants: ['refresh_token'] })],
  ])('%s is inactive', async (_what, happens) => {
    const one = await trial({}, { refresh: { policy: 'rotating', absoluteLifetimeSeconds: 500 } })
    await happens(one)
    expect(await one.about(one.tokens.refresh)).toEqual({ active: false })
  })

  it('of a fixed life that was shortened since is active until its own end, of which nothing is said', async () => {
    const { clients, client, tokens, about, clock } = await trial({}, { refresh: { policy: 'fixed', lifetimeSeconds: 500 } })
    await clients.update(client.id, { refresh: { policy: 'fixed', lifetimeSeconds: 100 } })
    clock.advance(499)
    expect(await about(tokens.refresh)).toSatisfy((told: object) => 'active' in told && told.active === true && !('exp' in told))
    clock.advance(1)
    expect(await about(tokens.refresh)).toEqual({ active: false })
  })

  it('of a secret that was revoked is inactive', async () => {
    const { clients, client, tokens, introspect } = await trial()
    const second = await clients.addSecret(client.id)
    await clients.revokeSecret(client.id, client.secretId)
    const headers = { authorization: `Basic ${btoa(`${client.id}:${second?.secret}`)}` }
    expect((await introspect({ token: tokens.refresh }, headers)).body).toEqual({ active: false })
  })

  it('that is owed to a key is inactive when the key was revoked, and so is its access token', async () => {
    const { keys, ...stores } = storesWithKeys()
    const { register, ask, introspect } = start(stores)
    const client = await register({ authMethods: ['client_secret_basic', 'private_key_jwt'] })
    const assertion = await keyOf(keys, client.id)
    const { body } = await ask({ grant_type: 'client_credentials', ...(await assertion()) })
    const about = async () =>
      Promise.all([body.access_token, body.refresh_token].map(async (token) => (await introspect({ token }, client.headers)).body?.active))
    expect(await about()).toEqual([true, true])
    await keys.clientKeys.revoke(client.id, 'k1')
    expect(await about()).toEqual([false, false])
  })

  it('that is forged asks no store; one of secrets that are not known is inactive', async () => {
    const stores = memoryStores()
    const good = start({ allStores: stores })
    const client = await good.register()
    const { refresh: token } = await good.signIn(client)
    const families = { ...stores.families, find: () => Promise.reject(new Error('asked')) }
    const { introspect } = start({ introspection: { clients: good.clients, stores: { ...stores, families } } })
    expect((await introspect({ token: token.replace('.0.', '.1.') }, client.headers)).body).toEqual({ active: false })
    const without = start({ introspection: { clients: good.clients, stores, refreshSecrets: undefined as never } })
    expect((await without.introspect({ token }, client.headers)).body).toEqual({ active: false })
    const ahead = await good.introspect({ token }, client.headers)
    expect(ahead.body?.active).toBe(true)
  })
})

describe('who asks', () => {
  it('is authenticated: public clients, and nobody, are 401', async () => {
    const { tokens, introspect, register } = await trial()
    const open = await register({ authMethods: ['none'], grants: ['urn:x:person'] })
    for (const parameters of [{}, { client_id: open.id }, { client_id: 'nobody' }]) {
      const answer = await introspect({ token: tokens.access, ...parameters })
      expect([answer.status, answer.body?.error, answer.headers['cache-control']]).toEqual([401, 'invalid_client', 'no-store'])
    }
  })

  it('is counted apart from the token endpoint, and may ask often', async () => {
    const requests = { limit: 3, windowSeconds: 60 }
    const { tokens, introspect, client, signIn } = await trial({ tokens: { rateLimits: { requests } } })
    for (let request = 0; request < 10; request++) expect((await introspect({ token: tokens.access }, client.headers)).status).toBe(200)
    await signIn(client)
    await signIn(client)
    expect((await signIn(client)).access).toBeUndefined()
  })

  it('asks with POST, a form and a token', async () => {
    const { introspect, client } = await trial()
    expect(await introspect({}, client.headers)).toMatchObject({ status: 400, body: { error: 'invalid_request' } })
    const json = { ...client.headers, 'content-type': 'application/json' }
    expect((await introspect({ token: 'x' }, json)).status).toBe(415)
  })
})

describe('in an outage', () => {
  const down = async (): Promise<never> => {
    throw new Error('down')
  }

  it.each<[string, (one: Awaited<ReturnType<typeof trial>>) => object, 'access' | 'refresh']>([
    ['of the keys', () => ({ verifier: { verify: () => Promise.reject(new Unavailable('key_source_unavailable')) } }), 'access'],
    ['of the denylist', () => ({ verifier: { verify: () => Promise.reject(new Unavailable('revocation_unavailable')) } }), 'access'],
    ['of the families', ({ stores }) => ({ stores: { ...stores, families: { ...stores.families, find: down } } }), 'access'],
    ['of the families', ({ stores }) => ({ stores: { ...stores, families: { ...stores.families, find: down } } }), 'refresh'],
    [
      'of the clients',
      ({ clients }) => ({ clients: { ...clients, find: () => Promise.reject(new Unavailable('store_unavailable')) } }),
      'access',
    ],
  ])('%s it is 503 for %s tokens, neither active nor inactive', async (_what, broken, kind) => {
    const one = await trial()
    const { introspect } = start({ introspection: { clients: one.clients, stores: one.stores, ...broken(one) } })
    const answer = await introspect({ token: one.tokens[kind] }, one.client.headers)
    expect([answer.status, answer.headers['retry-after'], answer.body]).toMatchObject([503, '1', { error: 'temporarily_unavailable' }])
    expect(answer.body).not.toHaveProperty('active')
  })
})

it('options that are missing or wrong are a TypeError', () => {
  const { clients, stores } = start()
  const verifier = { verify: () => Promise.reject(new Error('asked')) }
  const good = { issuer, clients, stores, verifier, audiencesOf: () => [] }
  expect(createIntrospectionEndpoint(good)).toBeTypeOf('function')
  for (const bad of [
    { issuer: undefined },
    { clients: {} },
    { stores: { attempts: stores.attempts } },
    { verifier: undefined },
    { audiencesOf: undefined },
    { mayIntrospect: true },
    { isActive: 'yes' },
    { claims: 'department' },
    { claims: [1] },
    { claims: ['active'] },
    { claims: ['token_type'] },
    { rateLimits: { failures: { limit: -1, windowSeconds: 1 } } },
  ])
    expect(() => createIntrospectionEndpoint({ ...good, ...bad } as never)).toThrow(TypeError)
})
