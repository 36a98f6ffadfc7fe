import { type Endpoint, onEvent, type Reply, type Stores, type TokenStatusEvent } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import {
  type ClientsOptions,
  clientCredentials,
  createIntrospectionEndpoint,
  createRevocationEndpoint,
  type Grant,
  type IntrospectionEndpointOptions,
  type RevocationEndpointOptions,
  refreshToken,
  type TokenEndpointOptions,
} from '@countersign/grants'
import { createKeyRegistry, type KeyRegistry } from '@countersign/keys'
import { publicJwkOf, testKeys, tokenFactory } from '@countersign/testkit'
import { createGuard, createSharedRevocations, createVerifier, staticKeys } from '@countersign/verifier'
import { onTestFinished } from 'vitest'
import { audience, basic, issuer, type Setup, setup } from './endpoint-setup.js'

export const otherAudience = 'https://other.example'
const refreshSecrets = { current: { id: 'r', secret: 'k'.repeat(32) } }

interface StatusAnswer {
  readonly status: number
  readonly headers: Reply['headers']
  /** Parsed; undefined where there is none. */
  readonly body: { readonly [name: string]: unknown; readonly error?: string; readonly active?: boolean } | undefined
}

type Ask = (parameters: Readonly<Record<string, string>>, headers?: Readonly<Record<string, string>>) => Promise<StatusAnswer>

/** Asks an endpoint with a form. */
function asking(endpoint: Endpoint): Ask {
  return async (parameters, headers = {}) => {
    const {
      status,
      headers: answered,
      body,
    } = await endpoint({
      method: 'POST',
      url: '/',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      ip: '192.0.2.1',
      body: new URLSearchParams(parameters).toString(),
    })
    return { status, headers: answered, body: body === undefined ? undefined : (JSON.parse(String(body)) as StatusAnswer['body']) }
  }
}

/** Somebody signs in by saying who. */
const person: Grant = {
  type: 'urn:x:person',
  validate: async ({ parameters, scopes, audiences, now }) => ({
    ok: true,
    granted: {
      ok: true,
      subject: parameters.get('person') ?? 'person-1',
      isPerson: true,
      scopes,
      audiences,
      authentication: { authTime: now - 5, amr: ['pwd', 'otp'], acr: 'aal2' },
    },
  }),
}

/** Stores that are a minute old, and keys of clients in them: what was signed before a store began to remember cannot be claimed. */
export function storesWithKeys(): {
  readonly allStores: Stores
  readonly keys: KeyRegistry
  readonly clientOptions: Partial<ClientsOptions>
} {
  const started = { secondsAgo: 60 }
  const allStores = memoryStores({ now: () => Date.now() - started.secondsAgo * 1000 })
  started.secondsAgo = 0
  const keys = createKeyRegistry({ issuer, store: allStores.keys, revocations: allStores.revocations })
  return { allStores, keys, clientOptions: { clientKeys: keys.clientKeys, now: Date.now } }
}

/** Gives a client a key, and answers with what makes it authenticate with that key. */
export async function keyOf(keys: KeyRegistry, id: string): Promise<() => Promise<Readonly<Record<string, string>>>> {
  await keys.clientKeys.register({ owner: id, kid: 'k1', jwk: publicJwkOf(testKeys.es256, { kid: undefined }) })
  const factory = tokenFactory({ issuer: id, audience: issuer, keys: [testKeys.es256] })
  return async () => ({
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await factory.token({ kid: 'k1', header: { typ: 'client-authentication+jwt' }, claims: { sub: id } }),
  })
}

/** Options of a trial. */
interface TrialOptions {
  readonly clientOptions?: Partial<ClientsOptions>
  readonly allStores?: Stores
  readonly tokens?: Partial<TokenEndpointOptions>
  readonly revocation?: Partial<RevocationEndpointOptions>
  readonly introspection?: Partial<IntrospectionEndpointOptions>
}

/** A registered client and how it authenticates. */
export interface Registered {
  readonly id: string
  readonly secret: string
  readonly secretId: string
  readonly headers: Readonly<Record<string, string>>
}

interface Pair {
  readonly access: string
  readonly refresh: string
}

/** A token endpoint, both endpoints about its tokens, and a guard elsewhere that shares nothing with them but the store. */
export interface Trial extends Omit<Setup, 'register'> {
  readonly endpoints: { readonly revocation: Endpoint; readonly introspection: Endpoint }
  readonly revoke: Ask
  readonly introspect: Ask
  register(changes?: Parameters<Setup['register']>[0]): Promise<Registered>
  /** Tokens of a person. */
  signIn(client: Registered, parameters?: Readonly<Record<string, string>>): Promise<Pair>
  refresh(client: Registered, token: string): ReturnType<Setup['ask']>
  /** Whether a guard lets a bearer in; its reason if it does not. */
  admits(bearer: string): Promise<string>
}

const audiences = [audience, otherAudience]
const keys = { keys: [publicJwkOf(testKeys.es256)] }
const own = staticKeys({ issuer, keys, algorithms: ['ES256'], audience: audiences, typ: 'at+jwt' })

export function start({ allStores, clientOptions, tokens, revocation, introspection }: TrialOptions = {}): Trial {
  const grants = [clientCredentials(), person, refreshToken({ secrets: refreshSecrets })]
  const base = setup({
    audience: audiences,
    grants,
    ...(allStores && { allStores, now: Date.now }),
    ...tokens,
    ...(clientOptions && { clientOptions }),
  })
  const { clients, stores } = base
  const now = allStores ? Date.now : base.clock.now
  const view = createSharedRevocations({
    store: stores.revocations,
    consistency: 'strong',
    maxStalenessSeconds: 10,
    onStale: 'refuse',
    onUnknownPast: 'allow',
    now,
  })
  onTestFinished(() => view.close())
  const verifier = createVerifier({ issuers: { own }, revocations: view, now })
  const guard = createGuard({ issuers: { own }, revocations: view, now })
  const common = { issuer, clients, stores, verifier, refreshSecrets, now }
  const audiencesOf = ({ title }: { readonly title?: string }) => (title === undefined ? undefined : [title])
  const endpoints = {
    revocation: createRevocationEndpoint({ ...common, revocations: stores.revocations, ...revocation }),
    introspection: createIntrospectionEndpoint({ ...common, audiencesOf, ...introspection }),
  }
  return {
    ...base,
    endpoints,
    revoke: asking(endpoints.revocation),
    introspect: asking(endpoints.introspection),
    async register(changes) {
      const { id, secret, secretId } = await base.register({
        grants: ['client_credentials', 'urn:x:person', 'refresh_token'],
        refresh: { policy: 'rotating' },
        ...changes,
      })
      return { id, secret, secretId, headers: changes?.authMethods?.includes('none') ? {} : basic(id, secret) }
    },
    async signIn({ id, headers }, parameters = {}) {
      const { body } = await base.ask({ grant_type: 'urn:x:person', client_id: id, ...parameters }, headers)
      return { access: body.access_token, refresh: body.refresh_token }
    },
    refresh: ({ id, headers }, token) => base.ask({ grant_type: 'refresh_token', refresh_token: token, client_id: id }, headers),
    async admits(bearer) {
      const admission = await guard.check({ headers: { authorization: `Bearer ${bearer}` } })
      return admission.ok ? 'admitted' : admission.reason
    },
  }
}

/** Events of a channel from now on, without what differs between runs. */
export function statusEvents(name: 'countersign:token-revocation' | 'countersign:introspection'): readonly Partial<TokenStatusEvent>[] {
  const heard: Partial<TokenStatusEvent>[] = []
  onTestFinished(onEvent(name, ({ durationMs: _, ...event }) => void heard.push(event)))
  return heard
}
