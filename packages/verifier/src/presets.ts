import type { AsymmetricAlgorithm, HmacAlgorithm, JwtClaims, KeySet, KeySource, SecretsOption } from '@countersign/core'
import { isHmac } from '@countersign/jwt'
import {
  createRefreshingKeys,
  discoveredUrl,
  documentUrl,
  loadJwks,
  type RefreshOptions,
  type RemoteOptions,
  refreshTimes,
} from '@countersign/jwt/jwks'
import { type IssuerEntry, type IssuerRule, issuerNames, issuerRule, publicKeyRule, type RuleOptions } from './issuer-entry.js'
import { constantKeys, type PublicKeyInput, secretKeys, staticKeySet } from './static-keys.js'

type Issuer = { /** The exact `iss`, or several that share their keys. */ readonly issuer: string | readonly string[] }
type AsymmetricRule<Output extends object> = RuleOptions<AsymmetricAlgorithm, Output>
type Entry<Output extends object> = IssuerEntry<JwtClaims & Output>
// What a schema puts out without a schema: nothing beyond the claims.
type None = Record<never, never>

/** Options of {@link jwks}. */
export interface JwksOptions<Output extends object = None> extends AsymmetricRule<Output>, RemoteOptions, Issuer {
  /** Where the JWK Set is served. */
  readonly url: string | URL
}

/**
 * An issuer whose JWK Set stands at a known URL.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function jwks<Output extends object = None>(options: JwksOptions<Output>): Entry<NoInfer<Output>> {
  if (options?.url === undefined) throw new TypeError('jwks: url is required')
  const url = documentUrl(options.url, options.allowInsecure ?? false)
  const times = refreshTimes('jwks', options)
  return {
    rule: publicKeyRule('jwks', options),
    sources: [
      {
        issuers: issuerNames('jwks', options.issuer),
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

/**
 * An issuer whose JWK Set is found by OpenID Connect Discovery 1.0 (or RFC 8414, with `metadataUrl`).
 *
 * @throws TypeError if an option is missing or wrong
 */
export function oidc<Output extends object = None>(options: OidcOptions<Output>): Entry<NoInfer<Output>> {
  const { issuer } = options
  const issuers = issuerNames('oidc', issuer)
  const path = issuer.endsWith('/') ? '.well-known/openid-configuration' : '/.well-known/openid-configuration'
  const metadata = documentUrl(options.metadataUrl ?? issuer + path, options.allowInsecure ?? false)
  const times = refreshTimes('oidc', options)
  return {
    rule: publicKeyRule('oidc', options),
    sources: [
      {
        issuers,
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

function fittingKeys(keys: PublicKeyInput | readonly PublicKeyInput[], { algorithms }: IssuerRule): KeySet {
  const set = staticKeySet(keys)
  if (!set.keys.some((key) => key.algorithms.some((algorithm) => algorithms.has(algorithm))))
    throw new TypeError(`staticKeys: none of the keys fits ${[...algorithms].join(', ')}`)
  return set
}

/**
 * An issuer whose keys the host holds.
 *
 * @throws TypeError if an option is missing or wrong, or a key or secret is too weak
 */
export function staticKeys<Output extends object = None>(options: StaticKeysOptions<Output>): Entry<NoInfer<Output>> {
  const rule = issuerRule('staticKeys', options)
  const hmac = [...rule.algorithms].filter((algorithm) => isHmac(algorithm))
  if ((options.keys === undefined) === (options.secrets === undefined)) throw new TypeError('staticKeys needs keys or secrets, not both')
  if (hmac.length > 0 !== (options.secrets !== undefined))
    throw new TypeError('staticKeys: secrets go with HMAC algorithms, keys with all others')
  const source = options.keys === undefined ? secretKeys(options.secrets, hmac) : constantKeys(fittingKeys(options.keys, rule))
  return { rule, sources: [{ issuers: issuerNames('staticKeys', options.issuer), open: () => source }] }
}

/** Options of {@link ownIssuer}. */
export interface OwnIssuerOptions<Output extends object = None> extends AsymmetricRule<Output> {
  readonly issuer: string
  /** The registry of our own keys, or anything else that is a key source. It stays the host's to close. */
  readonly keys: KeySource
  /** @defaultValue `'at+jwt'` (RFC 9068) */
  readonly typ?: string | readonly string[] | null
}

/**
 * The API's own issuer: keys come from a registry in the same process or store, without HTTP.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function ownIssuer<Output extends object = None>(options: OwnIssuerOptions<Output>): Entry<NoInfer<Output>> {
  const { keys } = options
  if ([keys?.find, keys?.isCurrent, keys?.ready].some((method) => typeof method !== 'function'))
    throw new TypeError('ownIssuer: keys is a key source')
  const borrowed: KeySource = {
    find: (query) => keys.find(query),
    isCurrent: (set) => keys.isCurrent(set),
    doubt: (set) => keys.doubt?.(set),
    ready: () => keys.ready(),
    close: () => undefined,
  }
  return {
    rule: publicKeyRule('ownIssuer', { ...options, typ: options.typ === undefined ? 'at+jwt' : options.typ }),
    sources: [{ issuers: issuerNames('ownIssuer', options.issuer), open: () => borrowed }],
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

/**
 * An issuer whose JWK Set an existing `jwks-rsa` client fetches.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function jwksRsa<Output extends object = None>(options: JwksRsaOptions<Output>): Entry<NoInfer<Output>> {
  const { client } = options
  if (typeof client?.getKeys !== 'function') throw new TypeError('jwksRsa: client is a jwks-rsa client')
  const times = refreshTimes('jwksRsa', options)
  const load = async (): Promise<{ document: unknown; fingerprint: string; freshSeconds: undefined }> => {
    const document = { keys: await client.getKeys() }
    return { document, fingerprint: JSON.stringify(document), freshSeconds: undefined }
  }
  return {
    rule: publicKeyRule('jwksRsa', options),
    sources: [{ issuers: issuerNames('jwksRsa', options.issuer), open: (context) => createRefreshingKeys(load, times, context) }],
  }
}
