import { checkOptions, kind, type OptionShape } from '@countersign/core'
import { createRefreshingKeys, documentUrl, loadJwks, type RemoteOptions, refreshTimes, remoteShape } from '@countersign/jwt/jwks'
import { type AsymmetricRule, type EntryWith, type IssuerOption, issuerNames, type NoClaims, publicKeyRule } from './issuer-entry.js'
import { issuerShape, ruleShape } from './rule-shape.js'
import { remotePlace } from './shared-sources.js'

/** Options of {@link jwks}. */
export interface JwksOptions<Output extends object = NoClaims> extends AsymmetricRule<Output>, RemoteOptions, IssuerOption {
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
export function jwks<Output extends object = NoClaims>(options: JwksOptions<Output>): EntryWith<NoInfer<Output>> {
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
