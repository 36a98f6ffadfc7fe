import { randomBytes } from 'node:crypto'
import { Unavailable, type WireRequest } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { clientCredentials, createClients, createTenantEndpoint, createTokenEndpoint, refreshToken } from '@countersign/grants'
import { type HostUser, hostUsers, passwordGrants } from '@countersign/grants/password'
import { createSigner } from '@countersign/jwt'
import { privateKeyOf, testKeys } from '@countersign/testkit'
import { describe, expect, it } from 'vitest'
import { audience, basic, claimsOf } from './endpoint-setup.js'
import { outcomes } from './outcomes.js'

const issuers = ['https://auth.example/a', 'https://auth.example/b']
const [a = '', b = ''] = issuers
const signers = new Map([
  [a, createSigner({ key: privateKeyOf(testKeys.es256), algorithm: 'ES256', kid: 'key-of-a' })],
  [b, createSigner({ key: privateKeyOf(testKeys.eddsa), algorithm: 'EdDSA', kid: 'key-of-b' })],
])
const user: HostUser = { subject: 'person-1', passwordHash: 'right', needsCode: true }

/** The worst host: its tenants share clients, stores and secrets, and it believes what requests say of them. */
async function start(
  issuerOf: (request: WireRequest) => unknown = ({ params }) =>
    typeof params?.tenant === 'string' ? `https://auth.example/${params.tenant}` : undefined,
) {
  const stores = memoryStores()
  const clients = createClients({ store: stores.clients, pepper: { current: { id: 'p', secret: randomBytes(32) } } })
  const codes: string[] = []
  const authenticator = hostUsers({
    findUser: async () => user,
    verifyPassword: async (hash, password) => hash === password,
    unknownUserHash: 'none',
    sendCode: async (_user, code) => void codes.push(code),
  })
  const grants = [
    clientCredentials(),
    refreshToken({ secrets: { current: { id: 'r', secret: randomBytes(32) } } }),
    ...passwordGrants({ authenticator }),
  ]
  const made = await clients.register({
    grants: ['client_credentials', 'refresh_token', 'password'],
    isFirstParty: true,
    refresh: { policy: 'rotating', withClientCredentials: true },
  })
  if (!made.ok) throw new Error('taken')
  const endpoint = createTenantEndpoint({
    issuers,
    issuerOf: issuerOf as never,
    endpoint: (issuer) => {
      const signer = signers.get(issuer)
      if (signer === undefined) throw new TypeError('no signer')
      return createTokenEndpoint({ issuer, signer: { current: () => signer }, stores, clients, audience, grants })
    },
  })
  const ask = async (tenant: string | undefined, parameters: Record<string, string>, headers: Record<string, string> = {}) => {
    const { status, body } = await endpoint({
      method: 'POST',
      url: '/token',
      params: tenant === undefined ? {} : { tenant },
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...basic(made.client.id, made.secret?.secret ?? ''), ...headers },
      body: new URLSearchParams(parameters).toString(),
    })
    const answer = JSON.parse(String(body)) as { access_token?: string; refresh_token: string; error?: string; mfa_token: string }
    return { status, ...answer }
  }
  return { ask, codes }
}

const credentials = { grant_type: 'client_credentials' }
const headerOf = (token = ''): unknown => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())

describe('several issuers at one route', () => {
  it('each sign with their own key, in their own name', async () => {
    const { ask } = await start()
    for (const [tenant, issuer, kid] of [
      ['a', a, 'key-of-a'],
      ['b', b, 'key-of-b'],
    ] as const) {
      const { access_token } = await ask(tenant, credentials)
      expect([claimsOf(access_token ?? '').iss, headerOf(access_token)]).toEqual([issuer, expect.objectContaining({ kid })])
    }
  })

  it('are those of the list: what a request makes of its issuer beside it is refused', async () => {
    const { ask } = await start()
    const heard = outcomes()
    const named = [undefined, '', 'c', 'A', 'a/', 'a/../b', '%61', 'constructor', '__proto__', ' a']
    for (const tenant of named)
      expect([tenant, await ask(tenant, credentials)]).toEqual([tenant, expect.objectContaining({ status: 400, error: 'invalid_request' })])
    expect(heard()).toEqual(named.map(() => 'unknown_tenant'))
  })

  it('are not what a Host header says, also if the host believes it', async () => {
    const { ask } = await start(({ headers }) => `https://${String(headers['x-forwarded-host'] ?? headers.host)}/a`)
    const good = await ask(undefined, credentials, { host: 'auth.example' })
    expect(claimsOf(good.access_token ?? '').iss).toBe(a)
    for (const headers of [
      { host: 'evil.example' },
      { host: 'auth.example', 'x-forwarded-host': 'evil.example' },
      { host: 'auth.example/b?' },
      {},
    ]) {
      const answer = await ask(undefined, credentials, headers)
      expect([answer.status, answer.error, answer.access_token]).toEqual([400, 'invalid_request', undefined])
    }
  })

  it('that cannot be looked up are an outage, in the words of the dialect', async () => {
    const heard = outcomes()
    const issuerOf = async () => Promise.reject(new Unavailable('store_unavailable', { retryAfterSeconds: 7 }))
    const endpoint = createTenantEndpoint({ issuers, issuerOf, endpoint: () => async () => ({ status: 200, headers: {} }) })
    const { status, headers, body } = await endpoint({ method: 'POST', headers: {} })
    expect([status, headers['retry-after'], headers['cache-control'], headers.pragma]).toEqual([503, '7', 'no-store', 'no-cache'])
    expect(JSON.parse(String(body))).toMatchObject({ error: 'temporarily_unavailable' })
    expect(heard()).toEqual(['unavailable'])
  })

  it('that no text names are none', async () => {
    for (const answer of [null, 1, {}, [a], Object(a)]) {
      const { ask } = await start(() => answer)
      expect((await ask('a', credentials)).status).toBe(400)
    }
  })

  it('take no refresh token and no challenge of one another, which stay good where they are from', async () => {
    const { ask, codes } = await start()
    const { refresh_token } = await ask('a', credentials)
    const heard = outcomes()
    const refresh = { grant_type: 'refresh_token', refresh_token }
    expect((await ask('b', refresh)).error).toBe('invalid_grant')
    const renewed = await ask('a', refresh)
    expect(claimsOf(renewed.access_token ?? '').iss).toBe(a)
    const { mfa_token } = await ask('a', { grant_type: 'password', username: 'u', password: 'right' })
    const answer = { grant_type: 'urn:countersign:grant-type:mfa', mfa_token, code: codes[0] ?? '' }
    expect((await ask('b', answer)).error).toBe('invalid_grant')
    expect(claimsOf((await ask('a', answer)).access_token ?? '').iss).toBe(a)
    expect(heard()).toEqual(['refresh_mismatch', 'issued', 'challenged', 'challenge_unknown', 'issued'])
  })
})

it('tenants without a list, twice the same one, or one without an endpoint are a TypeError', () => {
  const good = { issuers, issuerOf: () => a, endpoint: () => async () => ({ status: 200, headers: {} }) }
  expect(createTenantEndpoint(good)).toBeTypeOf('function')
  for (const bad of [{ issuers: [] }, { issuers: [a, a] }, { issuers: undefined }, { issuerOf: a }, { endpoint: undefined }]) {
    expect(() => createTenantEndpoint({ ...good, ...bad } as never)).toThrow(TypeError)
  }
})
