import { checkOptions, kind, type OptionShape } from '@countersign/core'
import {
  createRefreshingKeys,
  discoveredUrl,
  documentUrl,
  loadJwks,
  type RemoteOptions,
  refreshTimes,
  remoteShape,
} from '@countersign/jwt/jwks'
import { type AsymmetricRule, type EntryWith, issuerNames, type NoClaims, publicKeyRule } from './issuer-entry.js'
import { ruleShape } from './rule-shape.js'
import { remotePlace } from './shared-sources.js'

/** Options of {@link oidc}. */
export interface OidcOptions<Output extends object = NoClaims> extends AsymmetricRule<Output>, RemoteOptions {
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
export function oidc<Output extends object = NoClaims>(options: OidcOptions<Output>): EntryWith<NoInfer<Output>> {
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
