import { createPublicKey, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Auth, Endpoint, Requirement, SecretsOption, Stores, WireRequest } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import {
  type Clients,
  clientCredentials,
  createClients,
  createTokenEndpoint,
  type Grant,
  type TokenEndpointOptions,
} from '@countersign/grants'
import { createKeyRegistry, type KeyRegistry } from '@countersign/keys'
import { createSharedRevocations, type SharedRevocations } from '@countersign/verifier'
import type { Express } from 'express'
import request from 'supertest'
import { expect } from 'vitest'
import { signer } from '../../grants/endpoint-setup.js'
import type { Ran, Uses } from './use.js'

const issuer = 'https://auth.example'

const form = (parameters: Readonly<Record<string, string>>, changes: Partial<WireRequest> = {}): WireRequest => ({
  method: 'POST',
  url: '/v1/token',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  stream: (async function* () {
    yield Buffer.from(new URLSearchParams(parameters).toString())
  })(),
  ...changes,
})

/** Stores that began to remember ten minutes ago, so that they can prove what was not used. */
function stores(): Stores {
  const clock = { behindMs: 600_000 }
  const made = memoryStores({ now: () => Date.now() - clock.behindMs })
  clock.behindMs = 0
  return made
}

const secretOf = (name: string): SecretsOption => ({ current: { id: '1', secret: process.env[name] ?? '' } })

interface Parts {
  readonly all: Stores
  readonly clients: Clients
  readonly keys: KeyRegistry
  readonly revocations: SharedRevocations
}

function parts(): Parts {
  const all = stores()
  const encryption = secretOf('KEY_ENCRYPTION')
  const revocations = createSharedRevocations({ store: all.revocations, maxStalenessSeconds: 10, onStale: 'refuse' })
  const keys = createKeyRegistry({ issuer, store: all.keys, revocations, encryption })
  return {
    all,
    revocations,
    keys,
    clients: createClients({ store: all.clients, pepper: secretOf('CLIENT_PEPPER'), clientKeys: keys.clientKeys, issuer }),
  }
}

type Tokens = (
  all: Stores,
  revocations: SharedRevocations,
  portal: { isUserOf(client: string, user: string): Promise<boolean> },
) => Endpoint
const seen: { tokens?: Tokens } = {}

/** A client that proves itself with a key, as the two programs of the page have it. */
async function clientAssertion(assertion: (audience: string) => Promise<Record<string, string>>, { folder }: Ran): Promise<void> {
  const { all, clients, keys, revocations } = parts()
  const pem = createPublicKey(await readFile(join(folder, 'client-key.pem'), 'utf8')).export({ type: 'spki', format: 'pem' })
  expect(await clients.register({ id: 'ehr', authMethods: ['private_key_jwt'], grants: ['client_credentials'] })).toMatchObject({
    ok: true,
  })
  expect(await keys.clientKeys.register({ owner: 'ehr', kid: 'k1', pem: String(pem) })).toMatchObject({ ok: true })
  const endpoint = seen.tokens?.(all, revocations, { isUserOf: async () => false })
  const parameters = { grant_type: 'client_credentials', ...(await assertion(issuer)) }
  await keys.ready()
  expect(await endpoint?.(form(parameters))).toMatchObject({ status: 200 })
  expect(await endpoint?.(form(parameters))).toMatchObject({ status: 401 })
}

async function tokenStatus(make: (given: object) => Express): Promise<void> {
  const { all, ...given } = parts()
  const { clients } = given
  const made = await clients.register({ id: 'orders-api', grants: ['client_credentials'] })
  if (!made.ok || made.secret === undefined) throw new Error('not registered')
  const app = make({ ...given, stores: all, refreshSecrets: secretOf('REFRESH_SECRET') })
  const ask = (path: string): request.Test =>
    request(app)
      .post(path)
      .auth('orders-api', made.secret?.secret ?? '')
      .type('form')
      .send({ token: 'unknown' })
  await ask('/v1/introspect').expect(200, { active: false })
  await ask('/v1/revoke').expect(200)
}

const settings = (grants: readonly Grant[]): Omit<TokenEndpointOptions, 'issuer' | 'signer'> => {
  const { all, clients } = parts()
  return { audience: 'https://api.example', stores: all, clients, grants }
}

async function signIn(make: (host: unknown) => readonly Grant[]): Promise<void> {
  const mails: string[] = []
  const grants = make({
    findUser: async (name: string) =>
      name === 'ann' ? { subject: 'u1', passwordHash: 'hash of right', needsCode: true, address: 'ann@x.example' } : undefined,
    verify: async (hash: string, password: string) => hash === `hash of ${password}`,
    mail: async (_address: string, text: string) => void mails.push(text),
  })
  const { clients, ...rest } = settings(grants)
  await clients.register({ id: 'web', authMethods: ['none'], isFirstParty: true, grants: ['password'] })
  const endpoint = createTokenEndpoint({ issuer, signer, clients, ...rest })
  const person = { grant_type: 'password', client_id: 'web', username: 'ann' }
  expect(await endpoint(form({ ...person, password: 'wrong' }))).toMatchObject({ status: 400 })
  const challenged = await endpoint(form({ ...person, password: 'right' }))
  const { mfa_token: token } = JSON.parse(String(challenged.body)) as { mfa_token: string }
  const code = /^Your code is (\d+)$/.exec(mails[0] ?? '')?.[1] ?? ''
  const answer = { grant_type: 'urn:countersign:grant-type:mfa', client_id: 'web', mfa_token: token, code }
  expect(await endpoint(form(answer))).toMatchObject({ status: 200 })
}

async function tenantTokens(make: (given: unknown, signers: ReadonlyMap<string, unknown>) => Endpoint): Promise<void> {
  const given = settings([clientCredentials()])
  const endpoint = make(given, new Map([['https://auth.example/acme', signer]]))
  const asked = (tenant: string): WireRequest => form({ grant_type: 'client_credentials' }, { params: { tenant } })
  expect(await endpoint(asked('acme'))).toMatchObject({ status: 401 })
  expect(await endpoint(asked('stranger'))).toMatchObject({ status: 400 })
}

async function secondFactor(needed: Requirement): Promise<void> {
  const refused = { reason: 'insufficient_authentication' }
  const signedIn = { via: 'cognito', claims: { origin_jti: 'weak' } } as unknown as Auth
  expect(await needed(signedIn, {}, { now: 0 })).toMatchObject(refused)
  expect(await needed({ ...signedIn, via: 'own' }, {}, { now: 0 })).toMatchObject(refused)
}

/** A program with a token endpoint and nobody to sign in: it listens, and refuses by RFC 6749. */
async function refusesStrangers(_nothing: unknown, { url }: Ran): Promise<void> {
  const body = { grant_type: 'client_credentials', client_id: 'stranger', client_secret: randomBytes(32).toString('hex') }
  await request(url).post('/v1/token').type('form').send(body).expect(401)
}

async function cognitoApp(_nothing: unknown, { url }: Ran): Promise<void> {
  await request(url).get('/me').expect(401)
  await request(url).post('/v1/token').type('form').send({ client_id: 'web', grant_type: 'password' }).expect(401)
}

export const tokenPages: Readonly<Record<string, Uses>> = {
  'docs/assertions.md': {
    tokens: async (tokens: Tokens) => {
      seen.tokens = tokens
    },
    clientAssertion,
  },
  'docs/cognito.md': { secondFactor },
  'docs/grants.md': { listening: refusesStrangers, tokenStatus, signIn, tenantTokens },
  'packages/grants/README.md': { listening: refusesStrangers },
  'packages/cognito/README.md': { listening: cognitoApp },
}
