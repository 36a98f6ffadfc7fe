import { checkOptions, type Fetch, type JwtClaims, kind, type OptionShape, wallClock } from '@countersign/core'
import { documentUrl, type SourceContext } from '@countersign/jwt/jwks'
import { type IssuerEntry, issuerRule, type NoClaims, type RuleOptions } from '../issuers/issuer-entry.js'
import { commonRuleShape, namesOrNull } from '../issuers/rule-shape.js'
import type { OpaqueSource, Recognition } from '../opaque/opaque-tokens.js'
import { type QuestionLimits, questionLimitsKind } from '../opaque/question-limits.js'
import { checkRecognition, recognitionKind } from '../opaque/recognition.js'
import { authenticationKind, checkAuthentication, createCredentials, type IntrospectionAuthentication } from './client-authentication.js'
import { createIntrospectedTokens } from './introspected-tokens.js'

/** Members of an answer that RFC 7662 §2.2 names, and all others that the server gives. */
export interface IntrospectionClaims extends JwtClaims {
  readonly active: true
  /** Of the entry, where the server does not say it. */
  readonly iss: string
  /** `Infinity` where the server does not say it. */
  readonly exp: number
  readonly scope?: string
  readonly client_id?: string
  readonly username?: string
  readonly token_type?: string
}

/** Options of {@link introspection}. */
export interface IntrospectionOptions<Output extends object = NoClaims> extends Omit<RuleOptions<never, Output>, 'algorithms' | 'typ'> {
  /** Who issues the tokens. An answer with another `iss` is refused; revocations name it. */
  readonly issuer: string
  /** URL of the introspection endpoint (RFC 7662 §2): https, or http on loopback. */
  readonly endpoint: string | URL
  readonly authentication: IntrospectionAuthentication
  /** Which tokens are the entry's, by their syntax. */
  readonly recognise: Recognition
  /**
   * For how long an answer is believed, in seconds, and never longer than `exp`. A token that the server ends is accepted here for as long. 0: every
   * request asks.
   */
  readonly maxCacheSeconds: number
  /** The same for a token that is not active, at most 5. @defaultValue 5 */
  readonly negativeCacheSeconds?: number
  /** For how long the last answer counts after its time while the server is unavailable. @defaultValue 0 */
  readonly staleIfErrorSeconds?: number
  /** For one whole answer. @defaultValue 5 */
  readonly timeoutSeconds?: number
  readonly limits?: QuestionLimits
  /** Plain http to something else than loopback. @defaultValue false */
  readonly allowInsecure?: boolean
  /** Used instead of the guard's, for a proxy of its own. */
  readonly fetch?: Fetch
}

const isUrl = (value: unknown): boolean => typeof value === 'string' || value instanceof URL

const introspectionShape: OptionShape<IntrospectionOptions> = {
  issuer: kind.required(kind.string),
  endpoint: kind.required(kind.satisfying('an absolute URL, a string or a URL', isUrl)),
  authentication: kind.required(authenticationKind),
  recognise: kind.required(recognitionKind),
  audience: kind.required(namesOrNull),
  maxCacheSeconds: kind.required(kind.seconds),
  negativeCacheSeconds: kind.number({ unit: 'seconds', most: 5 }),
  staleIfErrorSeconds: kind.seconds,
  // A timer of more than 24 days would fire at once.
  timeoutSeconds: kind.number({ unit: 'seconds', least: 0.001, most: 3600 }),
  limits: questionLimitsKind,
  allowInsecure: kind.flag,
  fetch: kind.func,
  ...commonRuleShape,
}

/**
 * An issuer whose tokens only it can read: its introspection endpoint is asked about each of them (RFC 7662), within limits, and the answer is
 * remembered for a while. If it cannot be asked, the request gets 503.
 *
 * @throws TypeError if an option is missing or wrong
 * @example
 * ```ts
 * import { createGuard, introspection } from '@countersign/verifier'
 *
 * const guard = createGuard({
 *   issuers: {
 *     hydra: introspection({
 *       issuer: 'https://login.example',
 *       endpoint: 'https://login.example/admin/oauth2/introspect',
 *       authentication: { method: 'bearer', token: () => 'the-token-of-this-api' },
 *       recognise: { prefix: 'ory_at_' },
 *       audience: 'https://api.example',
 *       maxCacheSeconds: 30,
 *     }),
 *   },
 * })
 * guard.verifier.issuers() // ['https://login.example']
 * ```
 */
export function introspection<Output extends object = NoClaims>(
  options: IntrospectionOptions<Output>,
): IssuerEntry<IntrospectionClaims & NoInfer<Output>> {
  checkOptions('introspection', options, introspectionShape)
  const { issuer, recognise, authentication, maxCacheSeconds, limits = {} } = options
  const { negativeCacheSeconds = 5, staleIfErrorSeconds = 0, timeoutSeconds = 5, allowInsecure = false } = options
  checkRecognition('introspection', recognise)
  checkAuthentication('introspection', authentication)
  const url = documentUrl('introspection: endpoint', options.endpoint, allowInsecure)
  // Checks the secrets now.
  createCredentials(authentication, issuer, wallClock)

  function open(context: SourceContext): OpaqueSource {
    const credentials = createCredentials(authentication, issuer, context.now)
    const endpoint = { url, fetch: options.fetch ?? context.fetch, credentials, timeoutMs: timeoutSeconds * 1000 }
    const times = { cacheMs: maxCacheSeconds * 1000, negativeCacheMs: negativeCacheSeconds * 1000, staleMs: staleIfErrorSeconds * 1000 }
    return createIntrospectedTokens({ issuer, endpoint, limits, ...times }, context)
  }

  const rule = issuerRule('introspection', { ...options, algorithms: [], typ: null })
  return { rule, sources: [], opaque: { issuer, recognise, isRemote: true, open } }
}
