import { jsonReply, type RouteTable } from '@countersign/core'
import { shownUrl } from '@countersign/jwt/jwks'
import type { SenderConstraint } from '../sender-constraint/sender-constraint.js'
import { requiresDpop } from '../token/confirmation.js'
import type { BoundTokens, Issuers, ResourceGuard, ResourceMetadata } from './guard-options.js'

const wellKnown = '/.well-known/oauth-protected-resource'

/**
 * Reads the identifier of a resource.
 *
 * @throws TypeError if it is not an http(s) URL without fragment
 */
export function resourceUrl(resource: string): URL {
  const url = URL.canParse(resource) ? new URL(resource) : undefined
  const subject = 'createGuard: resource'
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:')
    throw new TypeError(`${subject} must be an absolute URL with https or http, got ${shownUrl(resource)}`)
  if (url.username !== '' || url.password !== '')
    throw new TypeError(`${subject} must not have a user name or password, because every challenge names it, got them in ${shownUrl(url)}`)
  if (url.hash !== '' || resource.includes('#'))
    throw new TypeError(`${subject} must not have a fragment (RFC 8707 §2), got one in ${shownUrl(url)}`)
  return url
}

/** The path of the metadata: the well-known part goes between host and path (RFC 9728 §3.1). */
function metadataPath(resource: string): string {
  const { pathname } = resourceUrl(resource)
  return pathname === '/' ? wellKnown : wellKnown + pathname
}

/**
 * The URL of the metadata of a resource.
 *
 * @throws TypeError if `resource` is not an http(s) URL without fragment
 */
export function metadataUrl(resource: string): string {
  const { origin, search } = resourceUrl(resource)
  return origin + metadataPath(resource) + search
}

type DescribedGuard = Pick<ResourceGuard, 'resource' | 'metadata' | 'tokenFrom' | 'boundTokens'> & {
  readonly verifier: { issuers(): readonly string[] }
}

function documentOf(resource: string, metadata: ResourceMetadata, { verifier, tokenFrom, boundTokens }: DescribedGuard): object {
  const issuers = verifier.issuers()
  const servers = metadata.authorizationServers ?? issuers.filter((issuer) => issuer.startsWith('https://'))
  return {
    resource,
    authorization_servers: servers.length > 0 ? servers : undefined,
    scopes_supported: metadata.scopesSupported,
    bearer_methods_supported: [
      ...(tokenFrom.authorization ? ['header'] : []),
      ...(tokenFrom.body ? ['body'] : []),
      ...(tokenFrom.query ? ['query'] : []),
    ],
    resource_name: metadata.resourceName,
    resource_documentation: metadata.resourceDocumentation,
    resource_policy_uri: metadata.resourcePolicyUri,
    resource_tos_uri: metadata.resourceTosUri,
    dpop_signing_alg_values_supported: boundTokens?.dpopAlgorithms,
    dpop_bound_access_tokens_required: boundTokens?.dpopAlgorithms && boundTokens.isDpopRequired,
    tls_client_certificate_bound_access_tokens: boundTokens?.acceptsCertificates || undefined,
  }
}

/**
 * The route that serves the metadata of a guard (RFC 9728), from the guard's own configuration.
 *
 * @throws TypeError if the guard has no `resource` and `metadata`
 */
export function protectedResourceMetadata(guard: DescribedGuard): RouteTable {
  const { resource, metadata } = guard
  if (resource === undefined || metadata === undefined)
    throw new TypeError(
      `protectedResourceMetadata: the guard must have the options resource and metadata, got one without ${resource === undefined ? 'resource' : 'metadata'}`,
    )
  return [
    {
      method: 'GET',
      path: metadataPath(resource),
      // It is public, and clients in browsers read it from other origins.
      endpoint: async () =>
        jsonReply(200, documentOf(resource, metadata, guard), {
          'cache-control': 'public, max-age=300',
          'access-control-allow-origin': '*',
        }),
    },
  ]
}

/** What a guard says of bound tokens in its challenges and its metadata. */
export function boundTokensOf(issuers: Issuers, constraint: SenderConstraint | undefined): BoundTokens | undefined {
  if (constraint === undefined) return undefined
  const { algorithms, provable } = constraint
  const isDpopRequired = provable.dpop && Object.values(issuers).every(({ rule }) => requiresDpop(rule, provable))
  return { dpopAlgorithms: algorithms, isDpopRequired, acceptsCertificates: provable.certificate }
}
