import { randomBytes } from 'node:crypto'
import type { Endpoint, Reply, SignerSource, Stores, WireRequest } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import {
  type ClientRegistration,
  type Clients,
  type ClientsOptions,
  clientCredentials,
  createClients,
  createTokenEndpoint,
  type TokenEndpointOptions,
} from '@countersign/grants'
import { createSigner } from '@countersign/jwt'
import { type FixedClock, fixedClock, privateKeyOf, publicJwkOf, testKeys } from '@countersign/testkit'
import { createGuard, createRevocations, type Revocations, staticKeys } from '@countersign/verifier'

export const issuer = 'https://auth.example'
export const audience = 'https://api.example'
export const signer: SignerSource = (() => {
  const made = createSigner({ key: privateKeyOf(testKeys.es256), algorithm: 'ES256', kid: testKeys.es256.kid })
  return { current: () => made }
})()
const pepper = { current: { id: 'p1', secret: randomBytes(32) } }

/** Whatever an answer may hold: which of it is there is what the tests are about. */
interface TokenBody {
  readonly access_token: string
  readonly refresh_token: string
  readonly expires_in: number
  readonly scope: string
  readonly error: string
  readonly mfa_token: string
}

export interface Setup {
  readonly clock: FixedClock
  readonly stores: Stores
  readonly clients: Clients
  readonly endpoint: Endpoint
  /** Registers a client that may do everything, or what is said. */
  register(changes?: Partial<ClientRegistration>): Promise<{ readonly id: string; readonly secret: string; readonly secretId: string }>
  /** Asks with a form. */
  ask(parameters: Readonly<Record<string, string>>, headers?: Readonly<Record<string, string>>): Promise<Answer>
}

interface Answer {
  readonly status: number
  readonly headers: Reply['headers']
  readonly body: TokenBody
}

export const basic = (id: string, secret: string): { readonly authorization: string } => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
})

const formType = { 'content-type': 'application/x-www-form-urlencoded' }

function wireForm(parameters: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}): WireRequest {
  return {
    method: 'POST',
    url: '/token',
    headers: { ...formType, ...headers },
    ip: '192.0.2.1',
    body: new URLSearchParams(parameters).toString(),
  }
}

async function send(endpoint: Endpoint, request: WireRequest): Promise<Answer> {
  const { status, headers, body } = await endpoint(request)
  return { status, headers, body: JSON.parse(String(body)) as Answer['body'] }
}

export function setup(
  options: Partial<TokenEndpointOptions> & { readonly clientOptions?: Partial<ClientsOptions>; readonly allStores?: Stores } = {},
): Setup {
  const { clientOptions, allStores, ...rest } = options
  const clock = fixedClock()
  const stores = allStores ?? memoryStores({ now: clock.now })
  const clients = createClients({ store: stores.clients, pepper, now: clock.now, ...clientOptions })
  const endpoint = createTokenEndpoint({
    issuer,
    signer,
    stores,
    clients,
    audience,
    grants: [clientCredentials()],
    now: clock.now,
    ...rest,
  })
  return {
    clock,
    stores,
    clients,
    endpoint,
    async register(changes = {}) {
      const { refresh = { policy: 'none' } } = changes
      const made = await clients.register({
        grants: ['client_credentials', 'refresh_token'],
        authMethods: ['client_secret_basic', 'client_secret_post'],
        scopes: ['read', 'write'],
        ...changes,
        refresh: refresh.policy === 'none' ? refresh : { withClientCredentials: true, ...refresh },
      })
      if (!made.ok) throw new Error('taken')
      return { id: made.client.id, secret: made.secret?.secret ?? '', secretId: made.secret?.id ?? '' }
    },
    ask: (parameters, headers) => send(endpoint, wireForm(parameters, headers)),
  }
}

/** A guard that trusts what the endpoint signs. */
export function guardOf(clock: FixedClock): { readonly guard: ReturnType<typeof makeGuard>; readonly revocations: Revocations } {
  const revocations = createRevocations({ now: clock.now })
  return { guard: makeGuard(clock, revocations), revocations }
}

function makeGuard(clock: FixedClock, revocations: Revocations) {
  return createGuard({
    resource: audience,
    revocations,
    now: clock.now,
    issuers: {
      own: staticKeys({ issuer, keys: { keys: [publicJwkOf(testKeys.es256)] }, algorithms: ['ES256'], audience, typ: 'at+jwt' }),
    },
  })
}

/** The claims of a token, unverified. */
export function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
}
