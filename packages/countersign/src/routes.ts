import type { Endpoint, RouteTable } from '@countersign/core'
import { type AuthorizationServerMetadata, authorizationServerMetadata, type Grant, type TokenEndpoint } from '@countersign/grants'
import type { KeyRegistry } from '@countersign/keys'
import { type AuthorizationServerOptions, defined, type ServerPaths } from './options.js'
import { fail } from './secrets.js'

/** What is served at the paths. */
export interface Served extends Readonly<Record<'token' | 'revocation' | 'introspection', Endpoint>> {
  readonly paths: Required<ServerPaths>
  readonly keys: KeyRegistry
  readonly dpopAlgorithms: TokenEndpoint['dpopAlgorithms']
  readonly grants: readonly Grant[]
}

/**
 * Where the routes are.
 *
 * @throws TypeError if two are at one path
 */
export function pathsOf({ issuer, paths }: Pick<AuthorizationServerOptions, 'issuer' | 'paths'>): Required<ServerPaths> {
  const prefix = new URL(issuer).pathname.replace(/\/$/, '')
  const at: Required<ServerPaths> = {
    token: `${prefix}/token`,
    revocation: `${prefix}/revoke`,
    introspection: `${prefix}/introspect`,
    jwks: `${prefix}/.well-known/jwks.json`,
    metadata: `/.well-known/oauth-authorization-server${prefix}`,
    ...defined(paths),
  }
  const entries = Object.entries(at).filter(([, path]) => path !== false)
  for (const [name, path] of entries) {
    const first = entries.find((entry) => entry[1] === path)?.[0]
    if (first !== name) fail(`paths.${first} and paths.${name} must be different, got ${JSON.stringify(path)} for both`)
  }
  return at
}

/** The table of a server: what is not left out, each at its path. */
export function routesOf({ issuer, metadata: given }: Pick<AuthorizationServerOptions, 'issuer' | 'metadata'>, served: Served): RouteTable {
  const { origin } = new URL(issuer)
  const { paths: at, grants, dpopAlgorithms } = served

  function metadata(path: string): RouteTable {
    const url = (of: string | false): string | undefined => (of === false ? undefined : origin + of)
    const urls = {
      tokenEndpoint: url(at.token),
      revocationEndpoint: url(at.revocation),
      introspectionEndpoint: url(at.introspection),
      jwksUri: url(at.jwks),
    }
    const authMethods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt']
    const told = { authMethods, dpopAlgorithms, ...urls, ...defined(given), issuer, grants } as AuthorizationServerMetadata
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
