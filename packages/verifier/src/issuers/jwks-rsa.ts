import { checkOptions, kind, type OptionShape } from '@countersign/core'
import { createRefreshingKeys, type RefreshOptions, refreshShape, refreshTimes } from '@countersign/jwt/jwks'
import { type AsymmetricRule, type EntryWith, type IssuerOption, issuerNames, type NoClaims, publicKeyRule } from './issuer-entry.js'
import { issuerShape, ruleShape } from './rule-shape.js'

/** The part of a `jwks-rsa` client that is called. */
export interface JwksRsaClient {
  getKeys(): Promise<unknown>
}

/** Options of {@link jwksRsa}. */
export interface JwksRsaOptions<Output extends object = NoClaims> extends AsymmetricRule<Output>, RefreshOptions, IssuerOption {
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
export function jwksRsa<Output extends object = NoClaims>(options: JwksRsaOptions<Output>): EntryWith<NoInfer<Output>> {
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
