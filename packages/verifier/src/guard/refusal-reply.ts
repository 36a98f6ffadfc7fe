import { type Dialect, type Refusal, type Reply, shownValue } from '@countersign/core'
import type { TokenScheme } from '../sender-constraint/confirmed-request.js'
import type { BoundTokens, GuardOptions } from './guard-options.js'
import { metadataUrl, resourceUrl } from './resource-metadata.js'

/** What every challenge of a guard says. */
export interface ChallengeOptions {
  readonly realm: string
  /** URL of the RFC 9728 metadata, where there is one. */
  readonly metadataUrl: string | undefined
  readonly dialect: Dialect
  /** The algorithms of DPoP proofs, separated by spaces; undefined if proofs are not checked. */
  readonly algs: string | undefined
  /** Whether plain bearer tokens are never accepted. */
  readonly requiresDpop: boolean
}

/**
 * What the challenges of a guard say, by its options.
 *
 * @throws TypeError for a resource or a realm that cannot stand in a challenge
 */
export function challengeOptions(
  options: Pick<GuardOptions, 'resource' | 'metadata' | 'realm' | 'dialect'>,
  boundTokens: BoundTokens | undefined,
): ChallengeOptions {
  const { resource, metadata, dialect = plainDialect } = options
  if (resource !== undefined) resourceUrl(resource)
  if (metadata !== undefined && resource === undefined)
    throw new TypeError('createGuard: resource must be given with metadata, got undefined')
  return {
    realm: headerText('realm', options.realm ?? resource ?? 'api'),
    metadataUrl: metadata && resource ? metadataUrl(resource) : undefined,
    dialect,
    algs: boundTokens?.dpopAlgorithms?.join(' '),
    requiresDpop: boundTokens?.isDpopRequired ?? false,
  }
}

/** A browser shows fields to a program of another origin only if they are named here. */
export function nonceFields(nonce: string | undefined): Reply['headers'] {
  return nonce === undefined ? {} : { 'dpop-nonce': nonce, 'access-control-expose-headers': 'DPoP-Nonce, WWW-Authenticate' }
}

/** For texts that {@link headerText} checked at the start. */
function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

/** A requirement of the host's may word a refusal with any text; RFC 6750 §3 allows few characters, and Node throws at control characters. */
function plain(text: unknown): string {
  return `"${String(text)
    .slice(0, 500)
    .replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?')}"`
}

/** The parameters of the scheme that was used, or should be. */
function parametersOf(refusal: Refusal, { realm, metadataUrl }: ChallengeOptions): string {
  const own: Refusal = Object.assign(Object.create(null) as object, refusal)
  const { code, description, scopes, acrValues, maxAgeSeconds } = own
  const parameters = [`realm=${quoted(realm)}`]
  if (code) parameters.push(`error=${plain(code)}`, `error_description=${plain(description)}`)
  if (scopes?.length) parameters.push(`scope=${plain(scopes.join(' '))}`)
  if (acrValues?.length) parameters.push(`acr_values=${plain(acrValues.join(' '))}`)
  if (maxAgeSeconds !== undefined) parameters.push(`max_age=${plain(maxAgeSeconds)}`)
  if (metadataUrl !== undefined) parameters.push(`resource_metadata=${quoted(metadataUrl)}`)
  return parameters.join(', ')
}

/**
 * The challenge of the scheme that was used, with the error. A request without DPoP is offered that scheme too, in a field of its own, since many clients
 * read one challenge in a field only (RFC 9110 §11.6.1, RFC 9449 §7.1).
 */
function challenges(refusal: Refusal, options: ChallengeOptions, scheme: TokenScheme): string | readonly string[] {
  const { algs, realm } = options
  const parameters = parametersOf(refusal, options)
  if (algs === undefined) return `Bearer ${parameters}`
  const offered = `algs=${quoted(algs)}`
  if (scheme === 'DPoP' || options.requiresDpop || refusal.reason === 'confirmation') return `DPoP ${parameters}, ${offered}`
  return [`Bearer ${parameters}`, `DPoP realm=${quoted(realm)}, ${offered}`]
}

/** Bodies as JSON: the registered error code where there is one, and a fixed text. */
const plainDialect: Dialect = Object.freeze({
  refusal: ({ code, description }: Refusal) => ({
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...(code && { error: code }), error_description: description }),
  }),
})

const decided: readonly string[] = ['www-authenticate', 'retry-after', 'cache-control']

/** What a challenge depends on beside the refusal. */
interface ChallengedRequest {
  /** That of the request. */
  readonly scheme: TokenScheme
  /** For `DPoP-Nonce`. */
  readonly nonce: string | undefined
}

/** The HTTP answer to a refusal (RFC 6750 §3, RFC 9470 §3; 503 for an outage, 429 for too many). */
export function refusalReply(refusal: Refusal, options: ChallengeOptions, { scheme, nonce }: ChallengedRequest): Reply {
  const { status, retryAfterSeconds = 1 } = refusal
  const worded = options.dialect.refusal(refusal)
  const lowered = Object.entries(worded.headers).map(([name, value]) => [name.toLowerCase(), value] as const)
  const headers: Record<string, string | readonly string[]> = Object.fromEntries(lowered.filter(([name]) => !decided.includes(name)))
  headers['cache-control'] = 'no-store'
  Object.assign(headers, nonceFields(nonce))
  // RFC 9110 §10.2.3: whole seconds.
  if (status === 503 || status === 429)
    headers['retry-after'] = String(Number.isFinite(retryAfterSeconds) ? Math.max(1, Math.ceil(retryAfterSeconds)) : 1)
  else headers['www-authenticate'] = challenges(refusal, options, scheme)
  return { status, headers, body: worded.body }
}

/**
 * Checks a text that goes into a header field: a control character there would make Node throw.
 *
 * @throws TypeError if it is not printable ASCII
 */
function headerText(name: string, text: string): string {
  if (typeof text !== 'string' || !/^[\x20-\x7e]+$/.test(text))
    throw new TypeError(`createGuard: ${name} must be printable ASCII, got ${shownValue(text)}`)
  return text
}
