import { checkOptions, type HmacAlgorithm, kind, type OptionShape, type SecretsOption } from '@countersign/core'
import { isHmac } from '@countersign/jwt'
import { openStaticKeys, type PublicKeyInput, publicKeys, secretKeys, staticKeySet } from './given-keys.js'
import {
  type AsymmetricRule,
  type EntryWith,
  type IssuerOption,
  issuerNames,
  issuerRule,
  type NoClaims,
  type RuleOptions,
} from './issuer-entry.js'
import { issuerShape, ruleShape } from './rule-shape.js'

/** Options of {@link staticKeys}: public keys, or secrets for HMAC. */
export type StaticKeysOptions<Output extends object = NoClaims> = IssuerOption &
  (
    | (AsymmetricRule<Output> & { readonly keys: PublicKeyInput | readonly PublicKeyInput[]; readonly secrets?: never })
    | (RuleOptions<HmacAlgorithm, Output> & { readonly secrets: SecretsOption; readonly keys?: never })
  )

const staticShape: OptionShape<StaticKeysOptions> = { ...issuerShape, keys: publicKeys, secrets: kind.secrets, ...ruleShape }

/**
 * An issuer whose keys the host holds.
 *
 * @throws TypeError if an option is missing or wrong, or a key or secret is too weak
 */
export function staticKeys<Output extends object = NoClaims>(options: StaticKeysOptions<Output>): EntryWith<NoInfer<Output>> {
  checkOptions('staticKeys', options, staticShape)
  const rule = issuerRule('staticKeys', options)
  const hmac = [...rule.algorithms].filter((algorithm) => isHmac(algorithm))
  if ((options.keys === undefined) === (options.secrets === undefined))
    throw new TypeError(`staticKeys: keys or secrets must be given, got ${options.keys === undefined ? 'neither' : 'both'}`)
  if (hmac.length > 0 !== (options.secrets !== undefined))
    throw new TypeError(`staticKeys: secrets must come with HMAC algorithms and keys with all others, got ${options.algorithms.join(', ')}`)
  const issuers = issuerNames('staticKeys', options.issuer)
  if (options.keys !== undefined) return { rule, sources: [{ issuers, open: openStaticKeys(staticKeySet(options.keys, rule.algorithms)) }] }
  const source = secretKeys(options.secrets, hmac)
  return { rule, sources: [{ issuers, open: () => source }] }
}
