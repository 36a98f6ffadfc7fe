import type { Endpoint, RouteTable } from '@countersign/core'
import { authorizationServerMetadata, type Grant } from '@countersign/grants'
import type { KeyRegistry } from '@countersign/keys'
import type { AuthorizationServerOptions, ServerPaths } from './options.js'

/** Endpoints by the names of their paths. */
export interface ServerEndpoints {
  readonly token: Endpoint
  readonly revocation: Endpoint
  readonly introspection: Endpoint
}

/** Every path with its default. */
function pathsOf({ issuer, paths }: Pick<AuthorizationServerOptions, 'issuer' | 'paths'>): Required<ServerPaths> {
  const prefix = new URL(issuer).pathname.replace(/\/$/, '')
  return {
    token: paths?.token ?? `${prefix}/token`,
    revocation: paths?.revocation ?? `${prefix}/revoke`,
    introspection: paths?.introspection ?? `${prefix}/introspect`,
    jwks: paths?.jwks ?? `${prefix}/.well-known/jwks.json`,
    metadata: paths?.metadata ?? `/.well-known/oauth-authorization-server${prefix}`,
  }
}

/** The table of a server: what is not left out, each at its path. */
export function routesOf(
  options: Pick<AuthorizationServerOptions, 'issuer' | 'paths' | 'metadata'>,
  { endpoints, keys, grants }: { readonly endpoints: ServerEndpoints; readonly keys: KeyRegistry; readonly grants: readonly Grant[] },
): RouteTable {
  const { issuer } = options
  const paths = pathsOf(options)
  const { origin } = new URL(issuer)
  const url = <Name extends string>(name: Name, path: string | false): { readonly [N in Name]?: string } =>
    (path === false ? {} : { [name]: origin + path }) as { readonly [N in Name]?: string }
  const post = (path: string | false, endpoint: Endpoint): RouteTable => (path === false ? [] : [{ method: 'POST', path, endpoint }])

  function metadata(path: string): RouteTable {
    const told = {
      ...url('tokenEndpoint', paths.token),
      ...url('revocationEndpoint', paths.revocation),
      ...url('introspectionEndpoint', paths.introspection),
      ...url('jwksUri', paths.jwks),
      ...options.metadata,
    }
    const { tokenEndpoint, jwksUri } = told
    if (tokenEndpoint === undefined || jwksUri === undefined)
      throw new TypeError(
        `createAuthorizationServer: metadata.${tokenEndpoint === undefined ? 'tokenEndpoint' : 'jwksUri'} must be given where its route is left out, or paths.metadata must be false`,
      )
    const authMethods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt']
    return authorizationServerMetadata({ authMethods, ...told, issuer, grants, tokenEndpoint, jwksUri }).map((route) => ({
      ...route,
      path,
    }))
  }

  return [
    ...post(paths.token, endpoints.token),
    ...post(paths.revocation, endpoints.revocation),
    ...post(paths.introspection, endpoints.introspection),
    ...(paths.jwks === false ? [] : keys.jwks(paths.jwks)),
    ...(paths.metadata === false ? [] : metadata(paths.metadata)),
  ]
}
