import { requireScopes } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { clientCredentials, createClients, createTokenEndpoint, type Grant } from '@countersign/grants'
import type { MountApp } from '@countersign/testkit'
import request from 'supertest'
import { afterEach, describe, expect, it } from 'vitest'
import { adapters } from '../contracts/adapters.js'
import { audience, basic, claimsOf, guardOf, issuer, setup, signer } from './endpoint-setup.js'

const grantType = { grant_type: 'client_credentials' }
/** What the guard, requirements, revocations, introspection and exchanges read of a token. */
const readByGuards: readonly string[] = (
  'iss sub aud exp nbf iat jti cnf client_id azp cid appid scope scp token_use ' +
  'auth_time amr acr act may_act client_key client_credential refresh_family'
).split(' ')

describe.each(adapters)('client_credentials on $name', ({ start }) => {
  const closing: (() => Promise<unknown>)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0)) await close()
  })

  it('gives a token that a guard admits, for what was asked', async () => {
    const { endpoint, clock, register } = setup()
    const { guard } = guardOf(clock)
    const client = await register()
    const app = await start((mount: MountApp) => {
      mount.handle('POST', '/v1/token', endpoint)
      mount.protect('/jobs', guard, [requireScopes('read')], ({ authOf }) => ({
        client: authOf(guard).clientId,
        scopes: authOf(guard).scopes,
      }))
      mount.protect('/writes', guard, [requireScopes('write')], () => [])
    })
    closing.push(app.close, () => guard.close())
    const answer = await request(app.url)
      .post('/v1/token')
      .auth(client.id, client.secret)
      .type('form')
      .send({ ...grantType, scope: 'read' })
      .expect(200)
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(answer.headers.pragma).toBe('no-cache')
    expect(answer.body).toEqual({ access_token: expect.any(String), token_type: 'Bearer', expires_in: 900, scope: 'read' })
    const bearer = { authorization: `Bearer ${answer.body.access_token}` }
    await request(app.url)
      .get('/jobs')
      .set(bearer)
      .expect(200, { client: client.id, scopes: ['read'] })
    await request(app.url).get('/writes').set(bearer).expect(403)
  })
})

describe('an access token', () => {
  it('is of the form of RFC 9068', async () => {
    const { ask, register, clock } = setup()
    const client = await register()
    const { body } = await ask(grantType, basic(client.id, client.secret))
    const header = JSON.parse(Buffer.from(body.access_token.split('.')[0] ?? '', 'base64url').toString())
    expect(header.typ).toBe('at+jwt')
    expect(claimsOf(body.access_token)).toEqual({
      iss: issuer,
      sub: client.id,
      aud: audience,
      client_id: client.id,
      scope: 'read write',
      iat: clock.now() / 1000,
      exp: clock.now() / 1000 + 900,
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
      client_credential: expect.stringMatching(`^secret:${client.secretId}:[\\w-]{16}$`),
    })
  })

  it('lives as long as the client, else the grant, else the endpoint says', async () => {
    const lives = setup({ grants: [clientCredentials({ accessTokenLifetimeSeconds: 300 })] })
    const usual = await lives.register()
    const own = await lives.register({ accessTokenLifetimeSeconds: 60 })
    const ofGrant = await lives.register({ accessTokenLifetimeSeconds: { client_credentials: 30, refresh_token: 5 } })
    const other = await lives.register({ accessTokenLifetimeSeconds: { refresh_token: 5 } })
    const seconds = async ({ id, secret }: { id: string; secret: string }) =>
      (await lives.ask(grantType, basic(id, secret))).body.expires_in
    expect([await seconds(usual), await seconds(own), await seconds(ofGrant), await seconds(other)]).toEqual([300, 60, 30, 300])
  })

  it('carries claims of the host, but none that are reserved', async () => {
    const good = setup({ claims: ({ client, subject }) => ({ tenant: `${client.id} ${subject}` }) })
    const { id, secret } = await good.register({ id: 'c1' })
    expect(claimsOf((await good.ask(grantType, basic(id, secret))).body.access_token).tenant).toBe('c1 c1')
    for (const name of readByGuards) {
      const bad = setup({ claims: () => ({ [name]: 'admin' }) })
      const client = await bad.register()
      const asking = bad.ask(grantType, basic(client.id, client.secret))
      await expect(asking).rejects.toThrow(
        new TypeError(`createTokenEndpoint: claims must not have ${name}: guards read these names, so only the endpoint sets them`),
      )
    }
  })

  it('gives a client no scope that it was not granted, whatever the host adds', async () => {
    const claims: { value: Record<string, unknown> } = { value: { scp: ['admin'] } }
    const { ask, register, clock } = setup({ claims: () => claims.value })
    const { id, secret } = await register()
    await expect(ask(grantType, basic(id, secret))).rejects.toThrow(TypeError)
    claims.value = { department: 'D1' }
    const { body } = await ask({ ...grantType, scope: 'read' }, basic(id, secret))
    const admitted = await guardOf(clock).guard.check({ headers: { authorization: `Bearer ${body.access_token}` } })
    expect(admitted.ok && admitted.auth?.scopes).toEqual(['read'])
  })

  it('with a time in milliseconds is a TypeError that says so', async () => {
    for (const wrong of [{ authentication: { authTime: Date.now() } }, { expiresAt: Date.now() }]) {
      const grant: Grant = {
        type: 'urn:x',
        validate: async ({ scopes, audiences }) => ({
          ok: true,
          granted: { ok: true, subject: 'p', isPerson: true, scopes, audiences, ...wrong },
        }),
      }
      const { ask, register } = setup({ grants: [grant] })
      const { id, secret } = await register({ grants: ['urn:x'] })
      await expect(ask({ grant_type: 'urn:x' }, basic(id, secret))).rejects.toThrow(
        /must be epoch seconds, got \d+, which looks like milliseconds/,
      )
    }
  })

  it('is for a registered audience only: aud is never copied from the request', async () => {
    const { ask, register } = setup()
    const one = await register()
    const two = await register({ audiences: ['https://a.example', 'https://b.example'] })
    const aud = async (parameters: Record<string, string>, { id, secret } = two) => {
      const { status, body } = await ask({ ...grantType, ...parameters }, basic(id, secret))
      return status === 200 ? claimsOf(body.access_token).aud : body.error
    }
    expect(await aud({}, one)).toBe(audience)
    expect(await aud({ audience }, one)).toBe(audience)
    expect(await aud({ audience: 'https://evil.example' }, one)).toBe('invalid_target')
    expect(await aud({ resource: 'https://evil.example' }, one)).toBe('invalid_target')
    expect(await aud({})).toBe('https://a.example')
    expect(await aud({ resource: 'https://b.example' })).toBe('https://b.example')
    expect(await aud({ resource: 'https://b.example', audience: 'https://a.example' })).toEqual(['https://a.example', 'https://b.example'])
    expect(await aud({ audience })).toBe('invalid_target')
  })
})

describe('a scope', () => {
  it('outside of what is allowed is refused and not dropped', async () => {
    const { ask, register } = setup()
    const client = await register({ defaultScopes: ['read'] })
    const scopes = async (scope: string) => {
      const { body } = await ask({ ...grantType, scope }, basic(client.id, client.secret))
      return body.scope ?? body.error
    }
    expect(await scopes('')).toBe('read')
    expect(await scopes('write read write')).toBe('write read')
    for (const bad of ['admin', 'read admin', 'read  admin', ' admin', 'read\twrite', 're"ad', 'READ', 'toString']) {
      expect([bad, await scopes(bad)]).toEqual([bad, 'invalid_scope'])
    }
  })
})

describe('who may not', () => {
  it('a client without the grant, an unknown grant type, none at all', async () => {
    const { ask, register } = setup()
    const { id, secret } = await register({ grants: ['refresh_token'] })
    const errors = async (parameters: Record<string, string>) => {
      const { status, body } = await ask(parameters, basic(id, secret))
      return [status, body.error]
    }
    expect(await errors(grantType)).toEqual([400, 'unauthorized_client'])
    expect(await errors({ grant_type: 'toString' })).toEqual([400, 'unsupported_grant_type'])
    expect(await errors({ grant_type: 'implicit' })).toEqual([400, 'unsupported_grant_type'])
    expect(await errors({ grant_type: '' })).toEqual([400, 'invalid_request'])
    expect(await errors({})).toEqual([400, 'invalid_request'])
  })

  it('any other method than POST', async () => {
    const { endpoint } = setup()
    const { status, headers } = await endpoint({ method: 'GET', url: '/token?grant_type=client_credentials', headers: {} })
    expect([status, headers.allow]).toEqual([405, 'POST'])
  })

  it('anybody during an outage: 503, and never another answer', async () => {
    const stores = memoryStores()
    const down = async (): Promise<never> => Promise.reject(new Error('down'))
    const client = await setup({ allStores: stores }).register({ id: 'c1' })
    for (const broken of [
      { ...stores, clients: { ...stores.clients, get: down } },
      { ...stores, attempts: { ...stores.attempts, reserve: down } },
    ]) {
      const { status, headers, body } = await setup({ allStores: broken }).ask(grantType, basic(client.id, client.secret))
      expect([status, headers['retry-after'], body.error]).toEqual([503, '1', 'temporarily_unavailable'])
    }
  })
})

it('wrong options are a TypeError at the start', () => {
  const stores = memoryStores()
  const clients = createClients({ store: stores.clients, pepper: { current: { id: 'p', secret: 'x'.repeat(32) } } })
  const good = { issuer, signer, stores, clients, audience, grants: [clientCredentials()] }
  expect(() => createTokenEndpoint(good)).not.toThrow()
  for (const bad of [
    { issuer: '' },
    { issuer: 'https://a.example"\r\n' },
    { signer: undefined },
    { stores: {} },
    { clients: {} },
    { grants: [] },
    { grants: [clientCredentials(), clientCredentials()] },
    { audience: [] },
    { accessTokenLifetimeSeconds: 0 },
    { rateLimits: { requests: { limit: 0, windowSeconds: 1 } } },
  ]) {
    expect(() => createTokenEndpoint({ ...good, ...bad } as never)).toThrow(TypeError)
  }
  expect(() => createClients({ store: stores.clients, pepper: { current: { id: 'p', secret: 'short' } } })).toThrow(TypeError)
})

describe('a parameter scope with spaces too many', () => {
  it.each([
    ['read ', 'read'],
    [' read', 'read'],
    ['write  read', 'write read'],
    [' ', 'read write'],
    ['  ', 'read write'],
  ])('%j asks for what the guard reads in a claim of that text: %s', async (scope, granted) => {
    const { ask, register, clock } = setup()
    const client = await register()
    const { status, body } = await ask({ ...grantType, scope }, basic(client.id, client.secret))
    expect([status, body.scope]).toEqual([200, granted])
    const { guard } = guardOf(clock)
    const verified = await guard.verifier.verify(body.access_token)
    expect(verified.ok && verified.auth.scopes).toEqual(granted.split(' '))
  })

  it.each(['read\twrite', 'read\n', 'read "x"', 'read é'])('%j is no list of scopes all the same', async (scope) => {
    const { ask, register } = setup()
    const client = await register()
    expect((await ask({ ...grantType, scope }, basic(client.id, client.secret))).body.error).toBe('invalid_scope')
  })
})
