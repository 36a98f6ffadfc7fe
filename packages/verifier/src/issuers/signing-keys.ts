import { checkOptions, type KeySource, kind, type OptionShape } from '@countersign/core'
import { type AsymmetricRule, type EntryWith, issuerNames, type NoClaims, publicKeyRule } from './issuer-entry.js'
import { ruleShape } from './rule-shape.js'

/** Options of {@link signingKeys}. */
export interface SigningKeysOptions<Output extends object = NoClaims> extends AsymmetricRule<Output> {
  readonly issuer: string
  /** The registry of our own keys, or anything else that is a key source. It stays the host's to close. */
  readonly keys: KeySource
  /** @defaultValue `'at+jwt'` (RFC 9068) */
  readonly typ?: string | readonly string[] | null
}

/** What each of the options of `signingKeys` must be, for a factory that hands them on. */
export const signingKeysShape: OptionShape<SigningKeysOptions> = {
  issuer: kind.required(kind.string),
  keys: kind.required(kind.having('a source of keys, for instance keys.source of a key registry', 'find', 'isCurrent', 'ready')),
  ...ruleShape,
}

/**
 * The API's own issuer: keys come from a registry in the same process or store, without HTTP.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function signingKeys<Output extends object = NoClaims>(options: SigningKeysOptions<Output>): EntryWith<NoInfer<Output>> {
  checkOptions('signingKeys', options, signingKeysShape)
  const { keys } = options
  const borrowed: KeySource = {
    find: (query) => keys.find(query),
    isCurrent: (set) => keys.isCurrent(set),
    doubt: (set) => keys.doubt?.(set),
    ready: () => keys.ready(),
    close: () => undefined,
  }
  return {
    rule: publicKeyRule('signingKeys', { ...options, typ: options.typ === undefined ? 'at+jwt' : options.typ }),
    sources: [{ issuers: issuerNames('signingKeys', options.issuer), open: () => borrowed }],
  }
}
