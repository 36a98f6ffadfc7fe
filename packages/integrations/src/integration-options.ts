import type { Auth, DocumentStore, Now } from '@countersign/core'
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
  /** Looks an entity up; undefined for one that is not there. @defaultValue all that have the form are there, their id being their name */
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

const clientMethods = ['register', 'find', 'addSecret', 'revokeSecret', 'remove', 'lastUses'] as const

function fail(message: string): never {
  throw new TypeError(`createIntegrations: ${message}`)
}

function checkEntityId(pattern: RegExp): RegExp {
  const isWholePattern = pattern instanceof RegExp && pattern.source.startsWith('^') && pattern.source.endsWith('$')
  // g and y remember where they stopped, and m lets ^ and $ match at every line.
  if (!isWholePattern || /[gym]/.test(pattern.flags)) fail('entityId is a pattern from ^ to $ without the flags g, y and m')
  return pattern
}

function checkTypes(types: readonly string[] | undefined, defaultType: string | undefined): void {
  if (types !== undefined && !(Array.isArray(types) && types.length > 0 && types.every((type) => typeof type === 'string' && type !== '')))
    fail('types names at least one')
  if (defaultType !== undefined && types?.includes(defaultType) !== true) fail('defaultType is one of types')
}

/** @throws TypeError if an option is missing or wrong */
export function checkOptions<A extends Auth, Settings extends object>(
  options: IntegrationsOptions<A, Settings>,
): Required<Pick<IntegrationsOptions<A, Settings>, 'entityId' | 'mfaMaxAgeSeconds' | 'maxCredentials'>> {
  const { issuer, accounts, clients, settings, policies, findEntity, types, defaultType } = options
  if (typeof issuer !== 'string' || issuer === '') fail('issuer is required')
  if (typeof accounts?.put !== 'function') fail('accounts is a document store')
  for (const method of clientMethods) if (typeof clients?.[method] !== 'function') fail(`clients has no ${method}`)
  if (typeof settings !== 'function' && (typeof settings !== 'object' || settings === null)) fail('settings is required')
  for (const name of ['mayManage', 'mayEnroll'] as const) if (typeof policies?.[name] !== 'function') fail(`policies.${name} is required`)
  for (const policy of [policies.isPerson, policies.provesMfa, findEntity])
    if (policy !== undefined && typeof policy !== 'function') fail('isPerson, provesMfa and findEntity are functions')
  checkTypes(types, defaultType)
  const { entityId = /^[A-Za-z0-9._~@:-]{1,128}$/, mfaMaxAgeSeconds = 3600, maxCredentials = 20 } = options
  if (!(Number.isFinite(mfaMaxAgeSeconds) && mfaMaxAgeSeconds > 0)) fail('mfaMaxAgeSeconds is a positive number')
  if (!(Number.isSafeInteger(maxCredentials) && maxCredentials > 0)) fail('maxCredentials is a positive whole number')
  return { entityId: checkEntityId(entityId), mfaMaxAgeSeconds, maxCredentials }
}
