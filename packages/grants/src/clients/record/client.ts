import { kind, type OptionKind, type OptionShape, shownValue } from '@countersign/core'
import { type TlsClientAuth, tlsClientAuthShape } from '../../certificates/registered-name.js'
import { type AssertionRules, assertionShape } from './assertion-rules.js'
import { completeRefresh, type RefreshPolicy, refreshKind } from './refresh-policy.js'

/**
 * How a client authenticates (RFC 6749 §2.3, RFC 7591 §2, RFC 8705 §2). `private_key_jwt` and `self_signed_tls_client_auth` need the option `clientKeys` of
 * `createClients`.
 */
export type ClientMethod =
  | 'client_secret_basic'
  | 'client_secret_post'
  | 'private_key_jwt'
  | 'tls_client_auth'
  | 'self_signed_tls_client_auth'
  | 'none'

/** What a client is and may do. */
export interface ClientSettings {
  readonly title?: string
  /** Whom it belongs to, in the host's own words, for instance the id of a department. */
  readonly owner?: string
  /** @defaultValue `['client_secret_basic']` */
  readonly authMethods?: readonly ClientMethod[]
  /** Whether the halves of Basic are form-encoded (RFC 6749 §2.3.1) or taken as they are. @defaultValue `'form'` */
  readonly basicEncoding?: 'form' | 'raw'
  /** Whether it is the host's own: only such a client may see passwords. @defaultValue false */
  readonly isFirstParty?: boolean
  /** Grant types. */
  readonly grants: readonly string[]
  /** What it may be granted. @defaultValue none */
  readonly scopes?: readonly string[]
  /** What it is granted without asking. @defaultValue `scopes` */
  readonly defaultScopes?: readonly string[]
  /** Audiences that it may get tokens for; the first one without asking. @defaultValue those of the endpoint */
  readonly audiences?: readonly string[]
  /** Life of its access tokens, in seconds; or by grant type. @defaultValue that of the grant or the endpoint */
  readonly accessTokenLifetimeSeconds?: number | Readonly<Record<string, number>>
  /** @defaultValue `{ policy: 'none' }` */
  readonly refresh?: RefreshPolicy
  /** Whether each of its token requests must have a DPoP proof, so that all its access tokens are bound (RFC 9449 §5.2). @defaultValue false */
  readonly dpopBoundAccessTokens?: boolean
  /**
   * Whether its access tokens are bound to the TLS certificate of the request, which must have one (RFC 8705 §3.4). Those of a client that authenticates itself by
   * certificate always are. @defaultValue false
   */
  readonly tlsClientCertificateBoundAccessTokens?: boolean
  /** The name in its certificate, for `tls_client_auth`. */
  readonly tlsClientAuth?: TlsClientAuth
  /** What is demanded of the JWTs that it signs. */
  readonly assertion?: AssertionRules
}

type WithoutDefault =
  | 'title'
  | 'owner'
  | 'audiences'
  | 'accessTokenLifetimeSeconds'
  | 'dpopBoundAccessTokens'
  | 'tlsClientCertificateBoundAccessTokens'
  | 'tlsClientAuth'
  | 'assertion'

/** Settings with their defaults. */
export type CompleteSettings = Required<Omit<ClientSettings, WithoutDefault>> & Pick<ClientSettings, WithoutDefault>

/** A secret of a client as it is shown: without the secret. Times are epoch seconds. */
export interface SecretView {
  readonly id: string
  readonly title: string | undefined
  readonly createdAt: number
  readonly notBefore: number | undefined
  readonly expiresAt: number | undefined
}

/** A registered client. */
export interface Client extends CompleteSettings {
  readonly id: string
  readonly isLocked: boolean
  /** Changes when the client is locked: what was bound to the one before is over. */
  readonly credentialGeneration: string
  /** Whether its settings are others than those that it was registered with. @defaultValue false */
  readonly isChanged?: boolean
  readonly secrets: readonly SecretView[]
}

function fail(message: string): never {
  throw new TypeError(`client: ${message}`)
}

/** Whether a text may be the id of a client. */
export const isClientId = (id: unknown): id is string => typeof id === 'string' && /^[A-Za-z0-9._~@/!*=:%-]{1,255}$/.test(id)

/** @throws TypeError for an id with other characters, or one that this client cannot send by Basic */
export function checkClientId(id: string, { basicEncoding }: Pick<CompleteSettings, 'basicEncoding'>): void {
  if (!isClientId(id)) fail(`id must be 1 to 255 letters, digits and ._~@/!*=:%-, got ${shownValue(id)}`)
  if (basicEncoding === 'raw' && id.includes(':'))
    fail(`basicEncoding must be "form" for an id with a colon, because Basic is split at the first colon, got "raw"`)
  if (basicEncoding === 'form' && id.includes('%'))
    fail(`basicEncoding must be "raw" for an id with a percent sign, because form-decoding would change it, got "form"`)
}

/** Whether nothing but its id proves who it is (RFC 6749 §2.1). */
export const isPublicClient = (client: Pick<CompleteSettings, 'authMethods'>): boolean => client.authMethods.includes('none')

/** Whether it has secrets, or may have. */
export const hasSecretMethod = ({ authMethods: own }: Pick<CompleteSettings, 'authMethods'>): boolean =>
  own.includes('client_secret_basic') || own.includes('client_secret_post')

/** RFC 6749 §3.3: printable ASCII without space, quote and backslash. */
export const isScopeToken = (text: unknown): text is string =>
  typeof text === 'string' && text.length <= 255 && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text)

const scopesKind: OptionKind = kind.listOf(kind.satisfying('a scope-token (RFC 6749 §3.3)', isScopeToken), 0)
const lifeKind: OptionKind = kind.either(kind.positiveSeconds, kind.recordOf(kind.positiveSeconds))

/** What each of the settings must be. What a store has may be of a later release, and is not asked. */
export const settingsShape: OptionShape<ClientSettings> = {
  title: kind.string,
  owner: kind.string,
  authMethods: kind.listOf(
    kind.oneOf('client_secret_basic', 'client_secret_post', 'private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth', 'none'),
  ),
  basicEncoding: kind.oneOf('form', 'raw'),
  isFirstParty: kind.flag,
  grants: kind.required(kind.listOf(kind.string)),
  scopes: scopesKind,
  defaultScopes: scopesKind,
  audiences: kind.listOf(kind.string),
  accessTokenLifetimeSeconds: lifeKind,
  refresh: refreshKind,
  dpopBoundAccessTokens: kind.flag,
  tlsClientCertificateBoundAccessTokens: kind.flag,
  tlsClientAuth: kind.members<TlsClientAuth>(tlsClientAuthShape),
  assertion: kind.members<AssertionRules>(assertionShape),
}

/** The same for a change: what is left out stays, and `undefined` is back to the default. */
export const changesShape: OptionShape<Partial<ClientSettings>> = { ...settingsShape, grants: kind.listOf(kind.string) }

/** RFC 8705 §2.1.2: exactly one name. */
function checkTlsClientAuth({ authMethods, tlsClientAuth }: Pick<ClientSettings, 'authMethods' | 'tlsClientAuth'>): void {
  const names = Object.keys(tlsClientAuth ?? {})
  const needed = authMethods?.includes('tls_client_auth') === true ? 1 : 0
  if (names.length !== needed)
    fail(
      `tlsClientAuth must have exactly one name with the method tls_client_auth, and must not be given without it, got ${names.join(', ') || 'none'}`,
    )
}

/**
 * Settings, each of which was checked, with their defaults.
 *
 * @throws TypeError if they do not fit together, or are against RFC 6749
 */
export function completeSettings(settings: ClientSettings): CompleteSettings {
  const { scopes = [], basicEncoding = 'form', refresh = { policy: 'none' }, audiences, accessTokenLifetimeSeconds } = settings
  const complete = {
    authMethods: settings.authMethods ?? (['client_secret_basic'] as const),
    basicEncoding,
    isFirstParty: settings.isFirstParty ?? false,
    grants: settings.grants,
    scopes,
    defaultScopes: settings.defaultScopes ?? scopes,
    refresh,
    ...(settings.title !== undefined && { title: settings.title }),
    ...(settings.owner !== undefined && { owner: settings.owner }),
    ...(audiences !== undefined && { audiences }),
    ...(accessTokenLifetimeSeconds !== undefined && { accessTokenLifetimeSeconds }),
    ...(settings.dpopBoundAccessTokens !== undefined && { dpopBoundAccessTokens: settings.dpopBoundAccessTokens }),
    ...(settings.tlsClientCertificateBoundAccessTokens !== undefined && {
      tlsClientCertificateBoundAccessTokens: settings.tlsClientCertificateBoundAccessTokens,
    }),
    ...(settings.tlsClientAuth !== undefined && { tlsClientAuth: settings.tlsClientAuth }),
    ...(settings.assertion !== undefined && { assertion: settings.assertion }),
  }
  // It may have been taken back by a change.
  if (complete.grants === undefined) fail('grants must be a non-empty array, got undefined')
  checkTlsClientAuth(complete)
  const isPublic = isPublicClient(complete)
  if (isPublic && complete.authMethods.length > 1)
    fail(`authMethods must be ["none"] for a public client, got ${JSON.stringify(complete.authMethods)}`)
  if (isPublic && complete.grants.includes('client_credentials'))
    fail('grants must not have client_credentials for a public client (RFC 6749 §4.4), got it with authMethods: ["none"]')
  if (complete.grants.includes('password') && !complete.isFirstParty)
    fail(`isFirstParty must be true for the grant password (RFC 9700 §2.4), got ${String(settings.isFirstParty)}`)
  const more = complete.defaultScopes.find((scope) => !scopes.includes(scope))
  if (more !== undefined) fail(`defaultScopes must be among scopes, got ${JSON.stringify(more)}, which scopes does not have`)
  return { ...complete, refresh: completeRefresh(refresh, isPublic) }
}
