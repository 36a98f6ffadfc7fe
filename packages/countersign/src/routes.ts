import type { Endpoint, RouteTable } from '@countersign/core'
import { type AuthorizationServerMetadata, authorizationServerMetadata, type Grant } from '@countersign/grants'
import type { KeyRegistry } from '@countersign/keys'
import { type AuthorizationServerOptions, defined, type ServerPaths } from './options.js'
import { fail } from './secrets.js'

/** What is served at the paths. */
export interface Served {
  readonly token: Endpoint
  readonly revocation: Endpoint
  readonly introspection: Endpoint
  readonly keys: KeyRegistry
  readonly grants: readonly Grant[]
}

/** The table of a server: what is not left out, each at its path. */
export function routesOf(options: Pick<AuthorizationServerOptions, 'issuer' | 'paths' | 'metadata'>, served: Served): RouteTable {
  const { issuer, paths } = options
  const { origin, pathname } = new URL(issuer)
  const prefix = pathname.replace(/\/$/, '')
  const at: Required<ServerPaths> = {
    token: `${prefix}/token`,
    revocation: `${prefix}/revoke`,
    introspection: `${prefix}/introspect`,
    jwks: `${prefix}/.well-known/jwks.json`,
    metadata: `/.well-known/oauth-authorization-server${prefix}`,
    ...defined(paths),
  }

  function metadata(path: string): RouteTable {
    const url = (of: string | false): string | undefined => (of === false ? undefined : origin + of)
    const urls = {
      tokenEndpoint: url(at.token),
      revocationEndpoint: url(at.revocation),
      introspectionEndpoint: url(at.introspection),
      jwksUri: url(at.jwks),
    }
    const authMethods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt']
    const told = { authMethods, ...urls, ...defined(options.metadata), issuer, grants: served.grants } as AuthorizationServerMetadata
    const missing = (['tokenEndpoint', 'jwksUri'] as const).find((name) => told[name] === undefined)
    if (missing !== undefined) fail(`metadata.${missing} must be given where its route is left out, got undefined`)
    return authorizationServerMetadata(told).map((route) => ({ ...route, path }))
  }

  const post = (path: string | false, endpoint: Endpoint): RouteTable => (path === false ? [] : [{ method: 'POST', path, endpoint }])
  return [
    ...post(at.token, served.token),
    ...post(at.revocation, served.revocation),
    ...post(at.introspection, served.introspection),
    ...(at.jwks === false ? [] : served.keys.jwks(at.jwks)),
    ...(at.metadata === false ? [] : metadata(at.metadata)),
  ]
}
