import { randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import type { Lifecycle, Readiness, SecretsOption, Stores } from '@countersign/core'
import { handle, routes } from '@countersign/express'
import {
  type ClientRegistration,
  type Clients,
  createClientAuthenticator,
  createRevocationEndpoint,
  jwtBearer,
  type TokenEndpoint,
} from '@countersign/grants'
import { createIntegrations, integrationRoutes } from '@countersign/integrations'
import { signJwt } from '@countersign/jwt'
import { type KeyRegistry, keyRoutes } from '@countersign/keys'
import { postgresStores } from '@countersign/postgres'
import { redisStores } from '@countersign/redis'
import type { ResourceGuard, SharedRevocations } from '@countersign/verifier'
import type { Express } from 'express'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import { mountFurther } from './documented-further.js'

export { furtherGrants } from './documented-further.js'

/** Where a documented server keeps what it keeps; undefined: in its own memory. */
export type Place =
  | { readonly redis: string; readonly prefix: string }
  | { readonly postgres: string; readonly schema: string }
  | { readonly sqlite: string }

/** What a documented program has made. */
interface Parts {
  readonly app: Express
  readonly issuer: string
  readonly stores: Stores
  readonly keys: KeyRegistry
  readonly clients: Clients
  readonly revocations: SharedRevocations
  readonly guard: ResourceGuard
  readonly tokenEndpoint: TokenEndpoint
  /** Absent where the program has a revocation endpoint. */
  readonly refreshSecrets?: SecretsOption
  readonly ready?: () => Promise<Readiness>
  readonly health?: () => Promise<Readiness & { readonly secrets: unknown }>
}

/** A method of a part, and what it is called with. */
interface Call {
  readonly method: string
  readonly args: readonly unknown[]
}

/** What a client may do that uses all that this server has. */
const everything: Omit<ClientRegistration, 'id' | 'owner' | 'title' | 'secret'> = {
  grants: ['client_credentials', 'refresh_token', 'password', jwtBearer().type, 'urn:ietf:params:oauth:grant-type:token-exchange'],
  authMethods: ['client_secret_basic', 'private_key_jwt'],
  scopes: ['jobs:read'],
  isFirstParty: true,
  refresh: { policy: 'rotating', withClientCredentials: true },
}

const silent = (): undefined => undefined

/** The one line of docs/parts.md that differs where a store is shared. */
export function openStores(memory: () => Stores): Stores {
  const place = JSON.parse(process.argv[2] ?? 'null') as Place | null
  if (place === null) return memory()
  if ('redis' in place) {
    const client = new Redis(place.redis)
    client.on('error', silent)
    return redisStores(client, { prefix: place.prefix, onWarning: silent })
  }
  if ('sqlite' in place) throw new Error('the parts are not tested in a file')
  const pool = new Pool({ connectionString: place.postgres, max: 4 })
  pool.on('error', silent)
  return postgresStores(pool, { schema: place.schema })
}

/** Mounts what other pages add to that program, and takes calls over IPC. */
export function serve({ app, issuer, stores, keys, clients, revocations, guard, tokenEndpoint, ...more }: Parts): Server {
  const integrations = createIntegrations({
    issuer,
    accounts: stores.accounts,
    clients,
    settings: everything,
    policies: { mayManage: () => true, mayEnroll: () => true },
  })
  app.use(routes(integrationRoutes(integrations, { guard })))
  app.use(routes(keyRoutes(keys, { authenticate: createClientAuthenticator({ issuer, clients, stores }) })))
  const { refreshSecrets, ready, health } = more
  if (refreshSecrets) {
    const verifier = guard.verifier
    app.post('/revoke', handle(createRevocationEndpoint({ issuer, clients, stores, verifier, revocations, refreshSecrets })))
  }

  const nonces = mountFurther({ app, stores, clients, guard, integrations, revocations })

  const parts: Readonly<Record<string, Pick<Lifecycle, 'ready'>>> = {
    guard,
    keys,
    tokenEndpoint,
    nonces,
    stores,
    ...(ready && { server: { ready } }),
  }

  const methods: Readonly<Record<string, (...args: never[]) => unknown>> = {
    register: clients.register,
    registerAll: () => clients.register(everything),
    addSecret: clients.addSecret,
    registerPartner: () => clients.register({ ...everything, refresh: { policy: 'none' } }),
    lock: clients.lock,
    revokeSecret: clients.revokeSecret,
    registerKey: keys.clientKeys.register,
    revokeOwnKey: async () => keys.signing.revoke((await keys.signer.current()).kid ?? ''),
    revoke: revocations.revoke,
    health: async () => (await health?.())?.secrets,
    /** A key that signs at once, beside the one before. */
    async newKey() {
      const made = await keys.signing.generate()
      return made.ok && keys.signing.activate(made.kid, { force: true })
    },
    /** Names of the parts that are not ready, by what was asked. */
    async notReady() {
      const asked = Object.entries(parts).map(async ([name, part]): Promise<[string, readonly string[]]> => {
        const readiness = await part.ready()
        const failed = Object.entries(readiness.parts).filter(([, { ok }]) => !ok)
        return [name, failed.map(([failedName]) => failedName).sort()]
      })
      return Object.fromEntries(await Promise.all(asked))
    },
    enroll: (entity: string, clientId: string) => integrations.enroll({ operator: 'test' }, { entity, clientId }),
    createIntegration: (entity: string) => integrations.create({ operator: 'test' }, { entity, title: 'Dispatch' }),
    /** A person with MFA, of our own issuer. */
    async person() {
      const now = Math.floor(Date.now() / 1000)
      const who = { iss: issuer, aud: issuer, sub: 'vera', client_id: 'portal', jti: randomUUID() }
      const claims = { ...who, scope: 'jobs:read', iat: now, exp: now + 300, auth_time: now, amr: ['pwd', 'mfa'] }
      return signJwt(claims, { signer: await keys.signer.current(), typ: 'at+jwt' })
    },
  }
  process.on('message', ({ method, args }: Call) => {
    Promise.resolve()
      .then(() => methods[method]?.(...(args as never[])))
      .then(
        (value) => process.send?.({ value }),
        (error: unknown) => process.send?.({ error: String(error) }),
      )
  })
  process.on('disconnect', () => process.exit())
  const server = app.listen(0, '127.0.0.1', () => {
    const address = server.address()
    process.send?.({ value: typeof address === 'object' ? address?.port : undefined })
  })
  return server
}
