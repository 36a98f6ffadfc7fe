import { type Auth, checkOptions as checkEach, type DocumentStore, kind, type Now, type OptionShape } from '@countersign/core'
import type { Integration } from './integration.js'
import type { IntegrationClients } from './integration-clients.js'
import type { IntegrationPolicies } from './policies.js'

/** Options of {@link createIntegrations}. */
export interface IntegrationsOptions<A extends Auth, Settings extends object> {
  /** Our own `iss`: only its tokens can be an integration's. */
  readonly issuer: string
  /** `stores.accounts`. */
  readonly accounts: DocumentStore
  /** The clients of the token endpoint. */
  readonly clients: IntegrationClients<Settings>
  /** What the client of a new integration may do; or a function of the integration. */
  readonly settings: Settings | ((integration: Integration) => Settings | Promise<Settings>)
  readonly policies: IntegrationPolicies<A>
  /** The form of an entity's id, from `^` to `$`. @defaultValue 1 to 128 letters, digits and `._~@:-` */
  readonly entityId?: RegExp
  /** Looks an entity up; undefined if it does not exist. @defaultValue every well-formed id is an entity, with its id as its name */
  readonly findEntity?: (entity: string) => { readonly name: string } | undefined | Promise<{ readonly name: string } | undefined>
  /** Kinds of integrations. @defaultValue none, and clients name none */
  readonly types?: readonly string[]
  /** Taken where a client names no type. @defaultValue none: it has to */
  readonly defaultType?: string
  /** Longest time since the sign-in (`auth_time`). @defaultValue 3600 */
  readonly mfaMaxAgeSeconds?: number
  /** Live credentials of one integration. @defaultValue 20 */
  readonly maxCredentials?: number
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
  readonly randomUUID?: () => string
}

const clientMethods = ['register', 'find', 'findMany', 'addSecret', 'revokeSecret', 'remove'] as const

function fail(message: string): never {
  throw new TypeError(`createIntegrations: ${message}`)
}

function checkEntityId(pattern: RegExp): RegExp {
  const isWholePattern = pattern.source.startsWith('^') && pattern.source.endsWith('$')
  // g and y remember where they stopped, and m lets ^ and $ match at every line.
  if (!isWholePattern || /[gym]/.test(pattern.flags))
    fail(`entityId must be a pattern from ^ to $ without the flags g, y and m, got ${String(pattern)}`)
  return pattern
}

const isSettings = (value: unknown): boolean => typeof value === 'function' || (typeof value === 'object' && value !== null)

const shape: OptionShape<IntegrationsOptions<Auth, object>> = {
  issuer: kind.required(kind.string),
  accounts: kind.required(kind.having('a DocumentStore, for instance stores.accounts', 'put')),
  clients: kind.required(kind.having('the clients of a token endpoint, for instance what createClients returns', ...clientMethods)),
  settings: kind.required(kind.satisfying('the settings of a client, or a function that returns them', isSettings)),
  policies: kind.required(
    kind.members<IntegrationPolicies>({
      mayManage: kind.required(kind.func),
      mayEnroll: kind.required(kind.func),
      isPerson: kind.func,
      provesMfa: kind.func,
    }),
  ),
  entityId: kind.satisfying('a RegExp', (value) => value instanceof RegExp),
  findEntity: kind.func,
  types: kind.listOf(kind.string),
  defaultType: kind.string,
  mfaMaxAgeSeconds: kind.positiveSeconds,
  maxCredentials: kind.count,
  now: kind.func,
  randomUUID: kind.func,
}

/** Lists are counted by type, so a type is part of an index. */
const longestTypeBytes = 190

/** @throws TypeError if an option is missing or wrong */
export function checkOptions<A extends Auth, Settings extends object>(
  options: IntegrationsOptions<A, Settings>,
): Required<Pick<IntegrationsOptions<A, Settings>, 'entityId' | 'mfaMaxAgeSeconds' | 'maxCredentials'>> {
  checkEach('createIntegrations', options, shape)
  const { types, defaultType, entityId = /^[A-Za-z0-9._~@:-]{1,128}$/, mfaMaxAgeSeconds = 3600, maxCredentials = 20 } = options
  if (defaultType !== undefined && types?.includes(defaultType) !== true)
    fail(`defaultType must be one of types, got ${JSON.stringify(defaultType)}`)
  const tooLong = types?.find((type) => Buffer.byteLength(type) > longestTypeBytes)
  if (tooLong !== undefined) fail(`types must have at most ${longestTypeBytes} bytes each, got ${JSON.stringify(tooLong)}`)
  return { entityId: checkEntityId(entityId), mfaMaxAgeSeconds, maxCredentials }
}
