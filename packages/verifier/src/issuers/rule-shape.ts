import { kind, type OptionKind, type OptionShape } from '@countersign/core'
import { algorithms } from '@countersign/jwt'
import type { ClaimsSchema, IssuerOption, RuleOptions } from './issuer-entry.js'

const isText = (value: unknown): boolean => typeof value === 'string'
const isType = (value: unknown): boolean =>
  value === null || isText(value) || (Array.isArray(value) && value.length > 0 && value.every(isText))

function isSchema(value: unknown): boolean {
  const { '~standard': standard } = (value ?? {}) as Partial<ClaimsSchema>
  return typeof standard?.validate === 'function'
}

/** More than an hour is not a tolerance for clocks. Revocations of tokens are kept for that time after their expiry. */
const maxToleranceSeconds = 3600

/** An audience, or several; `null` turns the check off. */
export const namesOrNull: OptionKind = {
  ...kind.either(kind.strings, kind.exactly(null)),
  must: `${kind.strings.must}, or null, which turns the check off`,
}

/** What the issuers of an entry must be. */
export const issuerShape: OptionShape<IssuerOption> = { issuer: kind.required(kind.strings) }

/** The rules that say nothing of the algorithm and the audience. */
export const commonRuleShape: OptionShape<Omit<RuleOptions, 'algorithms' | 'audience' | 'typ'>> = {
  clockToleranceSeconds: kind.number({ unit: 'seconds', most: maxToleranceSeconds }),
  maxAgeSeconds: kind.seconds,
  maxFutureIssuedSeconds: kind.either(kind.seconds, kind.exactly(null)),
  senderConstraint: kind.oneOf('as-token-says', 'required', 'dpop', 'certificate'),
  schema: kind.satisfying('a Standard Schema', isSchema),
  scopes: kind.func,
}

/** What each of the rules of an entry must be. */
export const ruleShape: OptionShape<RuleOptions> = {
  algorithms: kind.required(kind.listOf(kind.oneOf(...algorithms))),
  audience: kind.required(namesOrNull),
  typ: kind.satisfying('a string, a non-empty array of strings, or null, which turns the check off', isType),
  ...commonRuleShape,
}
