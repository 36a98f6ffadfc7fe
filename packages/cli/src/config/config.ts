import {
  type Admission,
  type Auth,
  checkOptions,
  type FetchRequest,
  type IssuerDescription,
  kind,
  type OptionShape,
  type Readiness,
  type Requirement,
  type SecretsOption,
  type Stores,
  type WireRequest,
} from '@countersign/core'
import type { ConfigPostgres } from '../doctor/check-postgres.js'
import type { ConfigRedis } from '../doctor/check-redis.js'
import type { ConfigClients, ConfigIntegrations, ConfigKeys, ConfigRevocations } from './managed.js'

/** What the command needs of a guard: what `createGuard` returns has it. */
export interface ConfigGuard {
  check(request: WireRequest | FetchRequest, ...requirements: readonly Requirement<Auth>[]): Promise<Admission<Auth>>
  readonly verifier: { describe(): readonly IssuerDescription[] }
  ready?(): Promise<Readiness>
}

/** What the command needs of a server: what `createAuthorizationServer` returns has it. */
export interface ConfigServer {
  readonly guard: ConfigGuard
  readonly keys?: ConfigKeys
  readonly clients?: ConfigClients
  readonly revocations?: ConfigRevocations
  readonly stores?: Stores
  ready?(): Promise<Readiness>
  close?(): Promise<void>
}

/** What a config gives to the command: by its exports, or as its default export. */
export interface CountersignConfig {
  /** What `createGuard` returns. @defaultValue that of `server` */
  readonly guard?: ConfigGuard
  /** What `createAuthorizationServer` returns. */
  readonly server?: ConfigServer
  /** What `createKeyRegistry` returns. @defaultValue that of `server` */
  readonly keys?: ConfigKeys
  /** What `createClients` returns. @defaultValue those of `server` */
  readonly clients?: ConfigClients
  /** What `createIntegrations` returns. */
  readonly integrations?: ConfigIntegrations
  /** What `createSharedRevocations` returns. @defaultValue those of `server` */
  readonly revocations?: ConfigRevocations
  /** Whose tokens `revoke` revokes. @defaultValue the first issuer of the guard with the name `own` */
  readonly issuer?: string
  /** @defaultValue those of `server` */
  readonly stores?: Stores
  /** Where `copy` copies the stores to. */
  readonly copyTo?: Stores
  /** The client of ioredis or `redis`, for `doctor`. */
  readonly redis?: ConfigRedis
  /** The pool and the schema of the stores, for `doctor` and `migrate`. */
  readonly postgres?: ConfigPostgres
  /** Secrets by their names, whose strength `doctor` looks at. */
  readonly secrets?: Readonly<Record<string, SecretsOption>>
  /** Ends what the config has opened, for instance its pool. It is called after the command. */
  readonly close?: () => unknown
}

const isServer = (value: unknown): boolean => typeof value === 'object' && value !== null && 'guard' in value
const isRedis = (value: unknown): boolean => typeof value === 'object' && value !== null && ('call' in value || 'sendCommand' in value)
const storesKind = kind.having('stores, for instance memoryStores()', 'ready')

/** What each member of a config must be. */
const shape: OptionShape<CountersignConfig> = {
  guard: kind.having('what createGuard returns', 'check'),
  server: kind.satisfying('what createAuthorizationServer returns', isServer),
  keys: kind.satisfying('what createKeyRegistry returns', (value) => typeof value === 'object' && value !== null && 'signing' in value),
  clients: kind.having('what createClients returns', 'register'),
  integrations: kind.having('what createIntegrations returns', 'create'),
  revocations: kind.having('what createSharedRevocations returns', 'revoke'),
  issuer: kind.string,
  stores: storesKind,
  copyTo: storesKind,
  redis: kind.satisfying('a client of ioredis or of the package redis', isRedis),
  postgres: kind.members<ConfigPostgres>({
    pool: kind.required(kind.having('a pool of pg', 'connect')),
    schema: kind.required(kind.string),
  }),
  secrets: kind.recordOf(kind.secrets),
  close: kind.func,
}

/**
 * Types a config, and checks it. It returns what it is given.
 *
 * @throws TypeError if a member is unknown or wrong
 * @example
 * import { defineConfig } from '@countersign/cli'
 * import { cognito, createGuard } from '@countersign/verifier'
 *
 * const guard = createGuard({ issuers: { people: cognito({ userPoolId: 'us-east-2_AbCdEfGhI', clientId: '4h57k0example' }) } })
 * export const config = defineConfig({ guard })
 */
export function defineConfig<const C extends CountersignConfig>(config: C): C {
  checkOptions('defineConfig', config, shape)
  return config
}
