import type { Stores, TokenVerifier } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import {
  type Clients,
  clientCredentials,
  createClientAuthenticator,
  createClients,
  createIntrospectionEndpoint,
  createRevocationEndpoint,
  createTokenEndpoint,
  type ExchangePolicy,
  type Grant,
  jwtBearer,
  refreshToken,
  type TokenEndpointOptions,
  tokenExchange,
} from '@countersign/grants'
import { hostUsers, passwordGrants } from '@countersign/grants/password'
import { createSigner } from '@countersign/jwt'
import { createKeyRegistry, type KeyRegistry, type KeyRegistryOptions } from '@countersign/keys'
import { fixedClock, privateKeyOf, publicJwkOf } from '@countersign/testkit'
import { createSharedRevocations, createVerifier, signingKeys, staticKeys } from '@countersign/verifier'
import {
  api,
  countedBytes,
  countedUuids,
  es256,
  issuer,
  otherApi,
  ourKey,
  peopleIssuer,
  peopleKey,
  pepper,
  refreshSecrets,
  startsAt,
} from './constants.js'

type RegistryOptions = Pick<KeyRegistryOptions, 'issuer' | 'store' | 'revocations' | 'now'>

/** What differs between the worlds of the scenarios. */
export interface WorldOptions {
  /** Opens the stores on the clock of the world. @defaultValue stores in memory */
  readonly stores?: (now: () => number) => Stores
  readonly token?: Partial<TokenEndpointOptions>
  /** What is drawn at random differs from that of other draws. @defaultValue those of a first process */
  readonly draws?: string
  /** Signs with keys that the registry makes itself. @defaultValue a key that is the same in every run */
  readonly registry?: (options: RegistryOptions) => KeyRegistry
}

const inKms = createSigner({ key: privateKeyOf(ourKey), algorithm: 'ES256' })

/** A registry whose key stands elsewhere, so that it is the same in every run. */
const fixedRegistry = (options: RegistryOptions): KeyRegistry => createKeyRegistry({ ...options, externalSigner: () => inKms })

/** Ann gets a token at once, Bob after a code, Carl is disabled. Hashes are the passwords. */
function people(draws = ''): { readonly users: ReturnType<typeof hostUsers>; readonly codes: string[] } {
  const table = new Map(
    [
      { subject: 'u-ann', passwordHash: 'right', needsCode: false, claims: { department: 'FD1' } },
      { subject: 'u-bob', passwordHash: 'right', needsCode: true },
      { subject: 'u-carl', passwordHash: 'right', needsCode: false, isDisabled: true },
    ].map((user) => [user.subject.slice(2), user]),
  )
  const codes: string[] = []
  const numbers = countedBytes(`${draws}codes`)
  const users = hostUsers({
    findUser: async (name) => table.get(name.toLowerCase()),
    verifyPassword: async (hash, password) => hash === password,
    unknownUserHash: 'none',
    sendCode: async (_user, code) => void codes.push(code),
    randomInt: (limit) => numbers(6).readUIntBE(0, 6) % limit,
  })
  return { users, codes }
}

/** Who is named is a person, but for `robot` (a service) and `nobody` (denied). */
const policy: ExchangePolicy = ({ presented: { subject } }) => {
  if (subject === undefined || subject === 'nobody') return undefined
  if (subject === 'robot' || subject === 'app' || subject === 'signer') return { allow: true, isPerson: false, subject: 'app' }
  return { allow: true, isPerson: true, claims: { policy: 'people' } }
}

interface GrantParts {
  readonly now: () => number
  readonly users: ReturnType<typeof hostUsers>
  readonly trusted: TokenVerifier
  readonly draws: string
}

function grantsOf({ now, users, trusted, draws }: GrantParts): readonly Grant[] {
  const both = { policy, trusted: { verifier: trusted, audiences: [issuer, api] }, refreshTokens: true }
  return [
    clientCredentials(),
    ...passwordGrants({
      authenticator: users,
      limits: { codesSent: { limit: 4, windowSeconds: 600 } },
      now,
      randomBytes: countedBytes(`${draws}password`),
    }),
    refreshToken({ secrets: refreshSecrets, randomBytes: countedBytes(`${draws}families`) }),
    tokenExchange(both),
    jwtBearer(both),
  ]
}

/** The view of revocations that all parts of a world share. */
function viewOf(stores: Stores, now: () => number) {
  return createSharedRevocations({
    store: stores.revocations,
    subjects: stores.accounts,
    consistency: 'strong',
    maxStalenessSeconds: 30,
    onStale: 'refuse',
    onUnknownPast: 'allow',
    now,
    random: () => 0,
  })
}

interface ClientParts {
  readonly registry: KeyRegistry
  readonly view: ReturnType<typeof viewOf>
  readonly now: () => number
  readonly draws: string
}

function clientsOf(stores: Stores, { registry, view, now, draws }: ClientParts): Clients {
  return createClients({
    store: stores.clients,
    pepper,
    clientKeys: registry.clientKeys,
    issuer,
    revocations: view,
    now,
    randomUUID: countedUuids(`${draws}clients`),
    randomBytes: countedBytes(`${draws}clients`),
  })
}

/** Everything that answers requests, over one set of stores and one clock. */
export async function createWorld({ stores: open, token = {}, draws = '', registry: openRegistry = fixedRegistry }: WorldOptions = {}) {
  const clock = fixedClock(startsAt - 60)
  const { now } = clock
  const stores = open ? open(now) : memoryStores({ now })
  // What was signed before a store began to remember cannot be claimed.
  clock.advance(60)
  const view = viewOf(stores, now)
  const registry = openRegistry({ issuer, store: stores.keys, revocations: view, now })
  const clients = clientsOf(stores, { registry, view, now, draws })
  const { users, codes } = people(draws)
  const issuers = {
    own: signingKeys({ issuer, keys: registry.source, algorithms: ['ES256'], audience: [api, otherApi] }),
    people: staticKeys({ issuer: peopleIssuer, keys: { keys: [publicJwkOf(peopleKey)] }, algorithms: ['RS256'], audience: [issuer, api] }),
  }
  const trusted = createVerifier({ issuers, revocations: view, now })
  const verifier = createVerifier({ issuers: { own: issuers.own }, revocations: view, now })
  const grants = grantsOf({ now, users, trusted, draws })
  const common = { issuer, clients, stores, now }
  return {
    clock,
    stores,
    registry,
    clients,
    view,
    draws,
    issuers,
    grants,
    codes,
    authenticate: createClientAuthenticator(common),
    token: createTokenEndpoint({
      ...common,
      signer: registry.signer,
      audience: [api, otherApi],
      grants,
      revocations: view,
      randomUUID: countedUuids(`${draws}tokens`),
      claims: ({ client }) => (client.owner === undefined ? {} : { owner: client.owner }),
      isActive: ({ subject }) => subject !== 'inactive',
      anonymousClient: 'anonymous',
      ...token,
    }),
    introspection: createIntrospectionEndpoint({
      ...common,
      verifier,
      refreshSecrets,
      revocations: view,
      claims: ['owner'],
      audiencesOf: ({ id }) => (id === 'resource' ? [api] : undefined),
      mayIntrospect: ({ id }) => id === 'gateway',
    }),
    revocation: createRevocationEndpoint({ ...common, verifier, refreshSecrets, revocations: view }),
    close: () => view.close(),
  }
}

export type World = Awaited<ReturnType<typeof createWorld>>

/** Stages the key of a world that signs. */
export async function begin({ registry }: Pick<World, 'registry'>): Promise<void> {
  const staged = await registry.signing.stage(publicJwkOf(es256, { kid: undefined }))
  if (!staged.ok) throw new Error(staged.reason)
}
