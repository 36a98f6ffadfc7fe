import { randomBytes } from 'node:crypto'
import type { Auth, DocumentStore, RevocationStore, Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import { type ClientSettings, type Clients, clientCredentials, createClients, createTokenEndpoint, refreshToken } from '@countersign/grants'
import { createIntegrations, type Integrations, type IntegrationsOptions } from '@countersign/integrations'
import { createSigner } from '@countersign/jwt'
import { type FixedClock, fixedClock, privateKeyOf, publicJwkOf, testKeys, tokenFactory } from '@countersign/testkit'
import { createGuard, createRevocations, staticKeys } from '@countersign/verifier'

export const issuer = 'https://api.example'
export const peopleIssuer = 'https://people.example'
const audience = issuer
/** A vendor and two departments. */
export const [vendor, department, otherDepartment] = ['VN00000001', 'FD00000001', 'FD00000002'] as const

const secrets = (): { readonly current: { readonly id: string; readonly secret: Buffer } } => ({
  current: { id: '1', secret: randomBytes(32) },
})
const [pepper, refreshSecrets] = [secrets(), secrets()]
const { es256, rs256 } = testKeys

export const settings = {
  grants: ['client_credentials', 'refresh_token'],
  scopes: ['incidents'],
  refresh: { policy: 'rotating', withClientCredentials: true },
} as const satisfies ClientSettings

/** A store that can be told to be down, and that calls out before it acts. */
export interface WatchedStore extends DocumentStore {
  isDown: boolean
  /** Called with every operation; what it throws is the answer. */
  before: (operation: string) => Promise<void> | void
  reads: number
}

export function watched(store: DocumentStore): WatchedStore {
  async function reached(operation: string): Promise<void> {
    if (result.isDown) throw new Error('connection refused')
    await result.before(operation)
  }
  const result: WatchedStore = {
    isDown: false,
    reads: 0,
    before: () => undefined,
    async get(address) {
      result.reads += 1
      await reached(`get ${address.collection}`)
      return store.get(address)
    },
    async put(change) {
      await reached(`put ${change.collection}`)
      return store.put(change)
    },
    async remove(change) {
      await reached(`remove ${change.collection}`)
      return store.remove(change)
    },
    async getMany(addresses) {
      result.reads += 1
      await reached(`get ${addresses.map(({ collection }) => collection).join(' ')}`)
      return store.getMany(addresses)
    },
    async removeMany(changes, call) {
      await reached(`remove ${changes.map(({ collection }) => collection).join(' ')}`)
      return store.removeMany(changes, call)
    },
    async list(query) {
      await reached(`list ${query.collection}`)
      return store.list(query)
    },
    async count(query) {
      await reached(`count ${query.collection}`)
      return store.count(query)
    },
    async scan(query) {
      await reached('scan')
      return store.scan(query)
    },
  }
  return result
}

export type Options = IntegrationsOptions<ReturnType<ReturnType<typeof makeGuard>['authOf']>, ClientSettings>

function makeGuard(clock: FixedClock, revocations: ReturnType<typeof createRevocations>) {
  const keysOf = (key: typeof es256) => ({ keys: { keys: [publicJwkOf(key)] }, audience })
  return createGuard({
    resource: audience,
    revocations,
    now: clock.now,
    issuers: {
      own: staticKeys({ issuer, ...keysOf(es256), algorithms: ['ES256'], typ: 'at+jwt' }),
      people: staticKeys({ issuer: peopleIssuer, ...keysOf(rs256), algorithms: ['RS256'] }),
    },
  })
}

type TestGuard = ReturnType<typeof makeGuard>

/** Persons, the guard, the token endpoint and the accounts of one API. */
export interface Deployment {
  readonly clock: FixedClock
  readonly stores: Stores
  readonly accounts: WatchedStore
  readonly clients: Clients
  readonly guard: TestGuard
  readonly endpoint: ReturnType<typeof createTokenEndpoint>
  readonly integrations: Integrations<ReturnType<TestGuard['authOf']>>
  /** A token of a person who acts for the entities and signed in with two factors just now. */
  person(entities: readonly string[], claims?: Readonly<Record<string, unknown>>): Promise<string>
}

/** What is announced reaches the guard at once. */
function announcing(store: RevocationStore, view: ReturnType<typeof createRevocations>): RevocationStore {
  return {
    ...store,
    revoke(entry, options) {
      if (options?.reinstated) view.reinstate(entry)
      else view.revoke(entry)
      return store.revoke(entry, options)
    },
  }
}

/** @param changes - options of the integrations that differ */
export function deploy(changes: Partial<Options> = {}, given?: Stores): Deployment {
  const clock = fixedClock(given ? Math.floor(Date.now() / 1000) : undefined)
  const stores = given ?? memoryStores({ now: clock.now })
  const accounts = watched(stores.accounts)
  const view = createRevocations({ now: clock.now })
  const revocations = announcing(stores.revocations, view)
  const clients = createClients({ store: stores.clients, pepper, issuer, revocations, now: clock.now })
  const guard = makeGuard(clock, view)
  const signer = createSigner({ key: privateKeyOf(es256), algorithm: 'ES256', kid: es256.kid })
  const endpoint = createTokenEndpoint({
    issuer,
    stores,
    clients,
    audience,
    signer: { current: () => signer },
    now: clock.now,
    grants: [clientCredentials(), refreshToken({ secrets: refreshSecrets })],
  })
  const mine = (auth: Auth, entity: string): boolean => Array.isArray(auth.claims.entities) && auth.claims.entities.includes(entity)
  const integrations = createIntegrations({
    issuer,
    accounts,
    clients,
    settings,
    now: clock.now,
    policies: { mayManage: mine, mayEnroll: (auth, { entity }) => mine(auth, entity) },
    entityId: /^(FD|VN)\d{8}$/,
    ...changes,
  })
  const people = tokenFactory({ issuer: peopleIssuer, keys: [rs256], audience, now: clock.now })
  return {
    clock,
    stores,
    accounts,
    clients,
    guard,
    endpoint,
    integrations,
    person: (entities, claims = {}) => {
      const authTime = Math.floor(clock.now() / 1000)
      return people.token({ claims: { entities, client_id: 'login', amr: ['pwd', 'otp', 'mfa'], auth_time: authTime, ...claims } })
    },
  }
}
