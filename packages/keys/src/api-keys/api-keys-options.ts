import {
  type ApiKeyOwner,
  checkOptions,
  type DocumentStore,
  kind,
  type Now,
  type OptionShape,
  type RevocationPublisher,
  requireEpochSeconds,
  type SecretsOption,
} from '@countersign/core'

/** What is read of a client that has API keys: what `createClients` gives. */
export interface ApiKeyClients {
  find(
    id: string,
  ): Promise<{ readonly isLocked: boolean; readonly credentialGeneration: string; readonly scopes: readonly string[] } | undefined>
}

/** Options of {@link createApiKeys}. */
export interface ApiKeysOptions {
  /** Our own `iss`, under which keys are revoked. */
  readonly issuer: string
  readonly store: DocumentStore
  /** Keys the hashes of secrets; 32 bytes or more, and not in the store. */
  readonly pepper: SecretsOption
  /** The clients that may have keys. A key of a client gives no more than the scopes of the client. @defaultValue no client has keys */
  readonly clients?: ApiKeyClients
  /** Where the end of a key is announced to all guards: what `createSharedRevocations` gives. @defaultValue guards learn of it from the store */
  readonly revocations?: RevocationPublisher
  /** Begins every key, so that scanners recognise it. @defaultValue `'ck_'` */
  readonly prefix?: string
  /** Keys of one owner, revoked ones included, at most 1000. @defaultValue 100 */
  readonly maxKeysPerOwner?: number
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
  readonly randomBytes?: (size: number) => Buffer
}

/** What a new key is. Times are epoch seconds. */
export interface NewApiKey {
  readonly owner: ApiKeyOwner
  /** What it permits; of a client's key, scopes of the client. */
  readonly scopes: readonly string[]
  readonly label?: string
  readonly notBefore?: number
  /** @defaultValue it does not expire */
  readonly expiresAt?: number
}

const isPrefix = (value: unknown): boolean => typeof value === 'string' && /^[A-Za-z0-9_-]{2,32}$/.test(value) && !value.startsWith('cs_')
const isScope = (value: unknown): boolean => typeof value === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/.test(value)

/** What each of the options of `createApiKeys` must be. */
export const apiKeysShape: OptionShape<ApiKeysOptions> = {
  issuer: kind.required(kind.string),
  store: kind.required(kind.having('a DocumentStore, for instance stores.keys', 'put')),
  pepper: kind.required(kind.secrets),
  clients: kind.having('what createClients returns', 'find'),
  revocations: kind.having('what createSharedRevocations returns, or a RevocationStore', 'revoke'),
  prefix: kind.satisfying('2 to 32 letters, digits, _ and -, other than cs_, which client secrets begin with', isPrefix),
  maxKeysPerOwner: kind.number({ isInteger: true, least: 1, most: 1000 }),
  now: kind.func,
  randomBytes: kind.func,
}

// Epoch seconds, which are judged on their own: a date or milliseconds are told as such.
const seconds = kind.satisfying('epoch seconds', (value) => typeof value !== 'symbol')
const newKeyShape: OptionShape<NewApiKey> = {
  owner: kind.required(
    kind.members<ApiKeyOwner>({ type: kind.required(kind.oneOf('client', 'person', 'entity')), id: kind.required(kind.string) }),
  ),
  scopes: kind.required(kind.listOf(kind.satisfying('a scope-token (RFC 6749 §3.3)', isScope), 0)),
  label: kind.string,
  notBefore: seconds,
  expiresAt: seconds,
}

/** @throws TypeError that names the setting */
export function checkNew(settings: NewApiKey): void {
  checkOptions('apiKeys.create', settings, newKeyShape)
  const { notBefore = 0, expiresAt = notBefore + 1 } = settings
  requireEpochSeconds('apiKeys.create: notBefore', notBefore)
  requireEpochSeconds('apiKeys.create: expiresAt', expiresAt)
  if (!(notBefore < expiresAt)) throw new TypeError(`apiKeys.create: notBefore must be before expiresAt (${expiresAt}), got ${notBefore}`)
}
