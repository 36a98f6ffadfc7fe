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
  readonly maxLifeSeconds?: number
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

const defaults: CompleteAssertionRules = { maxLifeSeconds: 300, jti: 'once', clockToleranceSeconds: 5, mayOutlive: false }
const names: readonly string[] = [...Object.keys(defaults), 'issuer', 'audiences', 'subjects', 'authenticationAudience']

const isText = (text: unknown): boolean => typeof text === 'string' && text !== ''
const areTexts = (list: unknown): boolean => Array.isArray(list) && list.length > 0 && list.every(isText)

function fail(message: string): never {
  throw new TypeError(`client: assertion.${message}`)
}

/**
 * Rules as they are applied.
 *
 * @throws TypeError if one is wrong
 */
export function completeRules(rules: AssertionRules = {}): CompleteAssertionRules {
  const complete = { ...defaults, ...rules }
  const { issuer = 'x', audiences = ['x'], subjects = ['x'], authenticationAudience = 'x' } = complete
  const unknown = Object.keys(rules).find((name) => !names.includes(name))
  if (unknown !== undefined) fail(`${unknown} is no rule`)
  if (!isText(issuer) || !isText(authenticationAudience)) fail('issuer and authenticationAudience are texts')
  if (!areTexts(audiences) || !areTexts(subjects)) fail('audiences and subjects name at least one')
  if (!(Number.isFinite(complete.maxLifeSeconds) && complete.maxLifeSeconds > 0)) fail('maxLifeSeconds is a positive number')
  if (!(complete.clockToleranceSeconds >= 0 && complete.clockToleranceSeconds <= 300)) fail('clockToleranceSeconds is 0 to 300')
  if (complete.jti !== 'once' && complete.jti !== 'any') fail('jti is once or any')
  if (typeof complete.mayOutlive !== 'boolean') fail('mayOutlive is true or false')
  return complete
}
