import { kind, type OptionShape } from '@countersign/core'

/**
 * What is demanded of the JWTs that a client signs (RFC 7521 §5.2, RFC 7523 §3): subject tokens and assertions. Client
 * assertions have rules of their own, which a client cannot loosen but for `authenticationAudience` and its clock.
 */
export interface AssertionRules {
  /** Their `iss`. @defaultValue the client's id */
  readonly issuer?: string
  /** Their one `aud` is one of these. @defaultValue the issuer of the endpoint */
  readonly audiences?: readonly string[]
  /** Longest life in seconds, from `iat` to `exp`. @defaultValue 300 */
  readonly maxLifetimeSeconds?: number
  /** Whether each has a `jti` and works once, or as often as it likes. @defaultValue `'once'` */
  readonly jti?: 'once' | 'any'
  /** Subjects that it may speak for, besides itself; the policy of the grant decides in any case. @defaultValue any */
  readonly subjects?: readonly string[]
  /** How far the client's clock may differ from ours, in seconds; at most 300. @defaultValue 5 */
  readonly clockToleranceSeconds?: number
  /** Whether what it gets for one may live longer than that. @defaultValue false */
  readonly mayOutlive?: boolean
  /** The one `aud` of its client assertions: the URL of the token endpoint, for clients from before RFC 7523bis. @defaultValue the issuer */
  readonly authenticationAudience?: string
}

/** Rules with their defaults; absent are those that depend on the endpoint. */
export type CompleteAssertionRules = Required<Omit<AssertionRules, 'issuer' | 'audiences' | 'subjects' | 'authenticationAudience'>> &
  Pick<AssertionRules, 'issuer' | 'audiences' | 'subjects' | 'authenticationAudience'>

const defaults: CompleteAssertionRules = { maxLifetimeSeconds: 300, jti: 'once', clockToleranceSeconds: 5, mayOutlive: false }
/** What each of the rules must be. */
export const assertionShape: OptionShape<AssertionRules> = {
  issuer: kind.string,
  audiences: kind.listOf(kind.string),
  maxLifetimeSeconds: kind.positiveSeconds,
  jti: kind.oneOf('once', 'any'),
  subjects: kind.listOf(kind.string),
  clockToleranceSeconds: kind.number({ unit: 'seconds', most: 300 }),
  mayOutlive: kind.flag,
  authenticationAudience: kind.string,
}

/** Rules as they are applied. */
export function completeRules(rules: AssertionRules = {}): CompleteAssertionRules {
  const {
    maxLifetimeSeconds = defaults.maxLifetimeSeconds,
    jti = defaults.jti,
    clockToleranceSeconds = defaults.clockToleranceSeconds,
    mayOutlive = defaults.mayOutlive,
  } = rules
  return { ...rules, maxLifetimeSeconds, jti, clockToleranceSeconds, mayOutlive }
}
