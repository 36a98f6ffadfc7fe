import { randomBytes, randomUUID } from 'node:crypto'
import { memoryStores } from '@countersign/core/memory'
import { clientCredentials, createClients, createTokenEndpoint, jwtBearer } from '@countersign/grants'
import { createSigner, signJwt } from '@countersign/jwt'
import { createKeyRegistry } from '@countersign/keys'
import { privateKeyOf, publicJwkOf, testKeys } from '@countersign/testkit'
import { createGuard, createSharedRevocations, staticKeys } from '@countersign/verifier'
import { describe, expect, it, onTestFinished } from 'vitest'
import { audience, basic, signer } from './endpoint-setup.js'

const issuers = ['https://auth.example/a', 'https://auth.example/b'] as const
const [a, b] = issuers
const bearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const pepper = { current: { id: 'p', secret: randomBytes(32) } }

/** Tenants that share clients, their keys and stores, and one guard that trusts each of them by itself. */
async function start() {
  const stores = memoryStores()
  const { revocations } = stores
  const registry = createKeyRegistry({ issuer: a, tokenIssuers: issuers, store: stores.keys, revocations })
  const clients = createClients({ store: stores.clients, pepper, clientKeys: registry.clientKeys, issuer: issuers, revocations })
  const view = createSharedRevocations({
    store: revocations,
    consistency: 'strong',
    maxStalenessSeconds: 10,
    onStale: 'refuse',
    onUnknownPast: 'allow',
  })
  onTestFinished(() => view.close())
  const entry = (issuer: string) =>
    staticKeys({ issuer, keys: { keys: [publicJwkOf(testKeys.es256)] }, algorithms: ['ES256'], audience, typ: 'at+jwt' })
  const guard = createGuard({ issuers: { a: entry(a), b: entry(b) }, revocations: view })
  const grants = [clientCredentials(), jwtBearer()]
  const endpoints = issuers.map((issuer) => createTokenEndpoint({ issuer, signer, stores, clients, audience, grants }))
  /** A token of every tenant. */
  const tokens = (request: (issuer: string) => Promise<readonly [parameters: Record<string, string>, headers?: Record<string, string>]>) =>
    Promise.all(
      endpoints.map(async (endpoint, at) => {
        const [parameters, headers = {}] = await request(issuers[at] ?? '')
        const type = { 'content-type': 'application/x-www-form-urlencoded' }
        const { body } = await endpoint({
          method: 'POST',
          headers: { ...type, ...headers },
          body: new URLSearchParams(parameters).toString(),
        })
        return String((JSON.parse(String(body)) as { access_token?: string }).access_token)
      }),
    )
  const admitted = (bearers: readonly string[]) =>
    Promise.all(bearers.map(async (token) => (await guard.check({ headers: { authorization: `Bearer ${token}` } })).ok))
  const made = await clients.register({
    id: 'shared',
    grants: ['client_credentials', bearer],
    assertion: { jti: 'any', maxLifetimeSeconds: 3600 },
  })
  if (!made.ok) throw new Error('taken')
  const { id: secretId = '', secret = '' } = made.secret ?? {}
  const own = () => tokens(async () => [{ grant_type: 'client_credentials' }, basic('shared', secret)])
  return { registry, clients, tokens, admitted, own, secretId }
}

describe('of tenants that share their clients,', () => {
  it.each<[string, (one: Awaited<ReturnType<typeof start>>) => Promise<unknown>]>([
    ['the lock of one', ({ clients }) => clients.lock('shared')],
    ['the removal of one', ({ clients }) => clients.remove('shared')],
    ['the end of a secret', ({ clients, secretId }) => clients.revokeSecret('shared', secretId)],
  ])('%s ends its tokens of all of them', async (_what, end) => {
    const one = await start()
    const tokens = await one.own()
    expect(await one.admitted(tokens)).toEqual([true, true])
    await end(one)
    expect(await one.admitted(tokens)).toEqual([false, false])
  })

  it('a lock that was undone leaves none that is new behind', async () => {
    const { clients, own, admitted } = await start()
    await clients.lock('shared')
    await clients.unlock('shared')
    expect(await admitted(await own())).toEqual([true, true])
  })

  it('a revoked key ends what was obtained with it of all of them', async () => {
    const { registry, tokens, admitted } = await start()
    await registry.clientKeys.register({ owner: 'shared', kid: 'k1', jwk: publicJwkOf(testKeys.es384, { kid: undefined }) })
    const key = createSigner({ key: privateKeyOf(testKeys.es384), algorithm: 'ES384', kid: 'k1' })
    const obtained = await tokens(async (aud) => {
      const iat = Math.floor(Date.now() / 1000)
      const claims = { iss: 'shared', aud, iat, exp: iat + 900, jti: randomUUID() }
      return [{ grant_type: bearer, assertion: await signJwt(claims, { signer: key, typ: 'JWT' }) }]
    })
    expect(await admitted(obtained)).toEqual([true, true])
    await registry.clientKeys.revoke('shared', 'k1')
    expect(await admitted(obtained)).toEqual([false, false])
  })
})

it('an endpoint whose clients end the tokens of another issuer is a TypeError', () => {
  const stores = memoryStores()
  const clients = createClients({ store: stores.clients, pepper, issuer: a, revocations: stores.revocations })
  const endpoint = (issuer: string) => () =>
    createTokenEndpoint({ issuer, signer, stores, clients, audience, grants: [clientCredentials()] })
  expect(endpoint(a)()).toBeTypeOf('function')
  expect(endpoint(b)).toThrow(TypeError)
  for (const issuer of ['', [], [''], [1], undefined])
    expect(() => createClients({ store: stores.clients, pepper, issuer: issuer as never, revocations: stores.revocations })).toThrow(
      TypeError,
    )
})
