import { type AsymmetricAlgorithm, checkOptions, jsonReply, kind, type OptionShape, type Reply, type RouteTable } from '@countersign/core'
import { algorithms, isHmac } from '@countersign/jwt'
import type { Grant } from '../grants/grant.js'

/** What an authorization server says of itself (RFC 8414 §2). */
export interface AuthorizationServerMetadata {
  /** Our own `iss`. */
  readonly issuer: string
  readonly tokenEndpoint: string
  /** Where `createRevocationEndpoint` is mounted. @defaultValue not told */
  readonly revocationEndpoint?: string
  /** Where `createIntrospectionEndpoint` is mounted. @defaultValue not told */
  readonly introspectionEndpoint?: string
  /** Where the public keys are served. */
  readonly jwksUri: string
  /** Grant types that the endpoint has. */
  readonly grants: readonly Pick<Grant, 'type'>[]
  /** @defaultValue `client_secret_basic` and `client_secret_post` */
  readonly authMethods?: readonly string[]
  /** Algorithms of client assertions, with `private_key_jwt`. @defaultValue all asymmetric ones */
  readonly assertionAlgorithms?: readonly AsymmetricAlgorithm[]
  /** Algorithms of DPoP proofs, where the token endpoint checks them (RFC 9449 §5.1). @defaultValue not told */
  readonly dpopAlgorithms?: readonly AsymmetricAlgorithm[]
  /** Whether access tokens are bound to certificates of clients (RFC 8705 §3.3). @defaultValue not told */
  readonly tlsClientCertificateBoundAccessTokens?: boolean
  /** @defaultValue not told */
  readonly scopesSupported?: readonly string[]
  /** Further members (RFC 8414 §2); those above cannot be replaced. */
  readonly further?: Readonly<Record<string, unknown>>
}

const asymmetric = algorithms.filter((algorithm) => !isHmac(algorithm))
const url = kind.satisfying('an http(s) URL', (value) => typeof value === 'string' && URL.canParse(value) && /^https?:/i.test(value))

/** What each of the options of `authorizationServerMetadata` must be, for a factory that hands them on. */
export const serverMetadataShape: OptionShape<AuthorizationServerMetadata> = {
  issuer: kind.required(url),
  tokenEndpoint: kind.required(url),
  revocationEndpoint: url,
  introspectionEndpoint: url,
  jwksUri: kind.required(url),
  grants: kind.required(
    kind.listOf(kind.satisfying('a grant, or { type }', (grant) => typeof (grant as { type?: unknown } | null)?.type === 'string')),
  ),
  authMethods: kind.listOf(kind.string),
  assertionAlgorithms: kind.listOf(kind.oneOf(...asymmetric)),
  dpopAlgorithms: kind.listOf(kind.oneOf(...asymmetric)),
  tlsClientCertificateBoundAccessTokens: kind.flag,
  scopesSupported: kind.listOf(kind.string, 0),
  further: kind.record,
}

/** The endpoints about tokens let clients in like that for tokens; only introspection has nothing to say to public ones. */
function statusEndpoints(
  { revocationEndpoint, introspectionEndpoint }: AuthorizationServerMetadata,
  methods: readonly string[],
  signing: (endpoint: string) => Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return {
    ...(revocationEndpoint !== undefined && {
      revocation_endpoint: revocationEndpoint,
      revocation_endpoint_auth_methods_supported: methods,
      ...signing('revocation_endpoint'),
    }),
    ...(introspectionEndpoint !== undefined && {
      introspection_endpoint: introspectionEndpoint,
      introspection_endpoint_auth_methods_supported: methods.filter((method) => method !== 'none'),
      ...signing('introspection_endpoint'),
    }),
  }
}

/**
 * Serves the metadata of our own issuer at `/.well-known/oauth-authorization-server`, followed by the path of the issuer
 * (RFC 8414 §3.1).
 *
 * @throws TypeError if an option is missing or wrong
 */
export function authorizationServerMetadata(options: AuthorizationServerMetadata): RouteTable {
  checkOptions('authorizationServerMetadata', options, serverMetadataShape)
  const { issuer, tokenEndpoint, jwksUri, grants, scopesSupported, dpopAlgorithms, further } = options
  const { authMethods = ['client_secret_basic', 'client_secret_post'] } = options
  const { assertionAlgorithms = asymmetric } = options
  // RFC 8414 §2: not to be left out where clients sign.
  const signing = (endpoint: string): Readonly<Record<string, unknown>> =>
    authMethods.includes('private_key_jwt') ? { [`${endpoint}_auth_signing_alg_values_supported`]: assertionAlgorithms } : {}
  const { pathname, search, hash } = new URL(issuer)
  if (search !== '' || hash !== '')
    throw new TypeError(
      `authorizationServerMetadata: issuer must not have a query or a fragment (RFC 8414 §2), got one after ${JSON.stringify(issuer.split(/[?#]/, 1)[0])}`,
    )
  const reply: Reply = jsonReply(
    200,
    {
      ...further,
      issuer,
      token_endpoint: tokenEndpoint,
      jwks_uri: jwksUri,
      grant_types_supported: grants.map(({ type }) => type),
      token_endpoint_auth_methods_supported: authMethods,
      ...signing('token_endpoint'),
      ...statusEndpoints(options, authMethods, signing),
      // The server has no authorization endpoint, but RFC 8414 requires the member.
      response_types_supported: [],
      ...(dpopAlgorithms && { dpop_signing_alg_values_supported: dpopAlgorithms }),
      ...(options.tlsClientCertificateBoundAccessTokens === true && { tls_client_certificate_bound_access_tokens: true }),
      ...(scopesSupported && { scopes_supported: scopesSupported }),
    },
    { 'cache-control': 'public, max-age=300' },
  )
  const path = pathname.replace(/\/$/, '')
  return [{ method: 'GET', path: `/.well-known/oauth-authorization-server${path}`, endpoint: async () => reply }]
}
