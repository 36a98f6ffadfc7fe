import { jsonReply, type Reply, type RouteTable } from '@countersign/core'

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
  readonly grants: readonly { readonly type: string }[]
  /** @defaultValue `client_secret_basic` and `client_secret_post` */
  readonly methods?: readonly string[]
  /** @defaultValue not told */
  readonly scopesSupported?: readonly string[]
  /** Further members (RFC 8414 §2); those above cannot be replaced. */
  readonly further?: Readonly<Record<string, unknown>>
}

function checkUrl(name: string, text: string): URL {
  if (!URL.canParse(text) || !/^https?:/i.test(text)) throw new TypeError(`authorizationServerMetadata: ${name} is a URL`)
  return new URL(text)
}

/** The endpoints about tokens let clients in like that for tokens; only introspection has nothing to say to public ones. */
function statusEndpoints(
  { revocationEndpoint, introspectionEndpoint }: AuthorizationServerMetadata,
  methods: readonly string[],
): Readonly<Record<string, unknown>> {
  if (revocationEndpoint !== undefined) checkUrl('revocationEndpoint', revocationEndpoint)
  if (introspectionEndpoint !== undefined) checkUrl('introspectionEndpoint', introspectionEndpoint)
  return {
    ...(revocationEndpoint !== undefined && {
      revocation_endpoint: revocationEndpoint,
      revocation_endpoint_auth_methods_supported: methods,
    }),
    ...(introspectionEndpoint !== undefined && {
      introspection_endpoint: introspectionEndpoint,
      introspection_endpoint_auth_methods_supported: methods.filter((method) => method !== 'none'),
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
  const { issuer, tokenEndpoint, jwksUri, grants, scopesSupported, further } = options
  const { methods = ['client_secret_basic', 'client_secret_post'] } = options
  const { pathname, search, hash } = checkUrl('issuer', issuer)
  if (search !== '' || hash !== '') throw new TypeError('authorizationServerMetadata: issuer has no query and no fragment (RFC 8414 §2)')
  checkUrl('tokenEndpoint', tokenEndpoint)
  checkUrl('jwksUri', jwksUri)
  if (!(grants?.length > 0)) throw new TypeError('authorizationServerMetadata: grants is required')
  const reply: Reply = jsonReply(
    200,
    {
      ...further,
      issuer,
      token_endpoint: tokenEndpoint,
      jwks_uri: jwksUri,
      grant_types_supported: grants.map(({ type }) => type),
      token_endpoint_auth_methods_supported: methods,
      ...statusEndpoints(options, methods),
      // There is no authorization endpoint; RFC 8414 wants the member all the same.
      response_types_supported: [],
      ...(scopesSupported && { scopes_supported: scopesSupported }),
    },
    { 'cache-control': 'public, max-age=300' },
  )
  const path = pathname.replace(/\/$/, '')
  return [{ method: 'GET', path: `/.well-known/oauth-authorization-server${path}`, endpoint: async () => reply }]
}
