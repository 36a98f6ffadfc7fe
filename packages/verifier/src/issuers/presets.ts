import {
  type AsymmetricAlgorithm,
  checkOptions,
  type HmacAlgorithm,
  type JwtClaims,
  type KeySource,
  kind,
  type OptionShape,
  type SecretsOption,
} from '@countersign/core'
import { isHmac } from '@countersign/jwt'
import {
  createRefreshingKeys,
  discoveredUrl,
  documentUrl,
  loadJwks,
  type RefreshOptions,
  type RemoteOptions,
  refreshShape,
  refreshTimes,
  remoteShape,
} from '@countersign/jwt/jwks'
import { type IssuerEntry, issuerNames, issuerRule, publicKeyRule, type RuleOptions } from './issuer-entry.js'
import { ruleShape } from './rule-shape.js'
import { remotePlace } from './shared-sources.js'
import { openStaticKeys, type PublicKeyInput, publicKeys, secretKeys, staticKeySet } from './static-keys.js'

type Issuer = { /** The exact `iss`, or several that share their keys. */ readonly issuer: string | readonly string[] }
type AsymmetricRule<Output extends object> = RuleOptions<AsymmetricAlgorithm, Output>
type Entry<Output extends object> = IssuerEntry<JwtClaims & Output>
// What a schema puts out without a schema: nothing beyond the claims.
type None = Record<never, never>

const issuerShape: OptionShape<Issuer> = { issuer: kind.required(kind.strings) }

/** Options of {@link jwks}. */
export interface JwksOptions<Output extends object = None> extends AsymmetricRule<Output>, RemoteOptions, Issuer {
  /** Where the JWK Set is served. */
  readonly url: string | URL
}

const isUrl = (value: unknown): boolean => typeof value === 'string' || value instanceof URL

const jwksShape: OptionShape<JwksOptions> = {
  ...issuerShape,
  url: kind.required(kind.satisfying('an absolute URL, a string or a URL', isUrl)),
  ...ruleShape,
  ...remoteShape,
}

/**
 * An issuer whose JWK Set stands at a known URL.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function jwks<Output extends object = None>(options: JwksOptions<Output>): Entry<NoInfer<Output>> {
  checkOptions('jwks', options, jwksShape)
  const url = documentUrl('jwks: url', options.url, options.allowInsecure ?? false)
  const times = refreshTimes('jwks', options)
  return {
    rule: publicKeyRule('jwks', options),
    sources: [
      {
        issuers: issuerNames('jwks', options.issuer),
        place: remotePlace(url, options, times),
        open: (context) =>
          createRefreshingKeys(
            loadJwks(async () => url, options, context),
            times,
            context,
          ),
      },
    ],
  }
}

/** Options of {@link oidc}. */
export interface OidcOptions<Output extends object = None> extends AsymmetricRule<Output>, RemoteOptions {
  /** The exact `iss`, an https URL; its metadata must name it. */
  readonly issuer: string
  /** Where the metadata stands. @defaultValue the issuer with `/.well-known/openid-configuration` */
  readonly metadataUrl?: string
}

const oidcShape: OptionShape<OidcOptions> = {
  issuer: kind.required(kind.string),
  metadataUrl: kind.string,
  ...ruleShape,
  ...remoteShape,
}

/**
 * An issuer whose JWK Set is found by OpenID Connect Discovery 1.0 (or RFC 8414, with `metadataUrl`).
 *
 * @throws TypeError if an option is missing or wrong
 */
export function oidc<Output extends object = None>(options: OidcOptions<Output>): Entry<NoInfer<Output>> {
  checkOptions('oidc', options, oidcShape)
  const { issuer } = options
  const issuers = issuerNames('oidc', issuer)
  if (options.metadataUrl === undefined) documentUrl('oidc: issuer', issuer, options.allowInsecure ?? false)
  const path = issuer.endsWith('/') ? '.well-known/openid-configuration' : '/.well-known/openid-configuration'
  const metadata = documentUrl(
    `oidc: ${options.metadataUrl === undefined ? 'issuer' : 'metadataUrl'}`,
    options.metadataUrl ?? issuer + path,
    options.allowInsecure ?? false,
  )
  const times = refreshTimes('oidc', options)
  return {
    rule: publicKeyRule('oidc', options),
    sources: [
      {
        issuers,
        place: [issuer, ...remotePlace(metadata, options, times)],
        open: (context) =>
          createRefreshingKeys(loadJwks(discoveredUrl(issuer, metadata, options, context), options, context), times, context),
      },
    ],
  }
}

/** Options of {@link staticKeys}: public keys, or secrets for HMAC. */
export type StaticKeysOptions<Output extends object = None> = Issuer &
  (
    | (AsymmetricRule<Output> & { readonly keys: PublicKeyInput | readonly PublicKeyInput[]; readonly secrets?: never })
    | (RuleOptions<HmacAlgorithm, Output> & { readonly secrets: SecretsOption; readonly keys?: never })
  )

const staticShape: OptionShape<StaticKeysOptions> = { ...issuerShape, keys: publicKeys, secrets: kind.secrets, ...ruleShape }

/**
 * An issuer whose keys the host holds.
 *
 * @throws TypeError if an option is missing or wrong, or a key or secret is too weak
 */
export function staticKeys<Output extends object = None>(options: StaticKeysOptions<Output>): Entry<NoInfer<Output>> {
  checkOptions('staticKeys', options, staticShape)
  const rule = issuerRule('staticKeys', options)
  const hmac = [...rule.algorithms].filter((algorithm) => isHmac(algorithm))
  if ((options.keys === undefined) === (options.secrets === undefined))
    throw new TypeError(`staticKeys: keys or secrets must be given, got ${options.keys === undefined ? 'neither' : 'both'}`)
  if (hmac.length > 0 !== (options.secrets !== undefined))
    throw new TypeError(`staticKeys: secrets must come with HMAC algorithms and keys with all others, got ${options.algorithms.join(', ')}`)
  const issuers = issuerNames('staticKeys', options.issuer)
  if (options.keys !== undefined) return { rule, sources: [{ issuers, open: openStaticKeys(staticKeySet(options.keys, rule.algorithms)) }] }
  const source = secretKeys(options.secrets, hmac)
  return { rule, sources: [{ issuers, open: () => source }] }
}

/** Options of {@link signingKeys}. */
export interface SigningKeysOptions<Output extends object = None> extends AsymmetricRule<Output> {
  readonly issuer: string
  /** The registry of our own keys, or anything else that is a key source. It stays the host's to close. */
  readonly keys: KeySource
  /** @defaultValue `'at+jwt'` (RFC 9068) */
  readonly typ?: string | readonly string[] | null
}

/** What each of the options of `signingKeys` must be, for a factory that hands them on. */
export const signingKeysShape: OptionShape<SigningKeysOptions> = {
  issuer: kind.required(kind.string),
  keys: kind.required(kind.having('a source of keys, for instance keys.source of a key registry', 'find', 'isCurrent', 'ready')),
  ...ruleShape,
}

/**
 * The API's own issuer: keys come from a registry in the same process or store, without HTTP.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function signingKeys<Output extends object = None>(options: SigningKeysOptions<Output>): Entry<NoInfer<Output>> {
  checkOptions('signingKeys', options, signingKeysShape)
  const { keys } = options
  const borrowed: KeySource = {
    find: (query) => keys.find(query),
    isCurrent: (set) => keys.isCurrent(set),
    doubt: (set) => keys.doubt?.(set),
    ready: () => keys.ready(),
    close: () => undefined,
  }
  return {
    rule: publicKeyRule('signingKeys', { ...options, typ: options.typ === undefined ? 'at+jwt' : options.typ }),
    sources: [{ issuers: issuerNames('signingKeys', options.issuer), open: () => borrowed }],
  }
}

/** The part of a `jwks-rsa` client that is called. */
export interface JwksRsaClient {
  getKeys(): Promise<unknown>
}

/** Options of {@link jwksRsa}. */
export interface JwksRsaOptions<Output extends object = None> extends AsymmetricRule<Output>, RefreshOptions, Issuer {
  /** A client that the host has: its URL, proxy and agent serve; caching and limits are ours. */
  readonly client: JwksRsaClient
}

const jwksRsaShape: OptionShape<JwksRsaOptions> = {
  ...issuerShape,
  client: kind.required(kind.having('a client of jwks-rsa', 'getKeys')),
  ...ruleShape,
  ...refreshShape,
}

/**
 * An issuer whose JWK Set an existing `jwks-rsa` client fetches.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function jwksRsa<Output extends object = None>(options: JwksRsaOptions<Output>): Entry<NoInfer<Output>> {
  checkOptions('jwksRsa', options, jwksRsaShape)
  const { client } = options
  const times = refreshTimes('jwksRsa', options)
  const load = async (): Promise<{ document: unknown; fingerprint: string; freshSeconds: undefined }> => {
    const document = { keys: await client.getKeys() }
    return { document, fingerprint: JSON.stringify(document), freshSeconds: undefined }
  }
  return {
    rule: publicKeyRule('jwksRsa', options),
    sources: [
      {
        issuers: issuerNames('jwksRsa', options.issuer),
        place: [client, ...Object.values(times)],
        open: (context) => createRefreshingKeys(load, times, context),
      },
    ],
  }
}
