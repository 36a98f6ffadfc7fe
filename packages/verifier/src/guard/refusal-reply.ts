import { type Dialect, type Refusal, type Reply, shownValue } from '@countersign/core'

/** What every challenge of a guard says. */
export interface ChallengeOptions {
  readonly realm: string
  /** URL of the RFC 9728 metadata, where there is one. */
  readonly metadataUrl: string | undefined
  readonly dialect: Dialect
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

function challenge(refusal: Refusal, { realm, metadataUrl }: ChallengeOptions): string {
  const own: Refusal = Object.assign(Object.create(null) as object, refusal)
  const { code, description, scopes, acrValues, maxAgeSeconds } = own
  const parameters = [`realm=${quoted(realm)}`]
  if (code) parameters.push(`error=${plain(code)}`, `error_description=${plain(description)}`)
  if (scopes?.length) parameters.push(`scope=${plain(scopes.join(' '))}`)
  if (acrValues?.length) parameters.push(`acr_values=${plain(acrValues.join(' '))}`)
  if (maxAgeSeconds !== undefined) parameters.push(`max_age=${plain(maxAgeSeconds)}`)
  if (metadataUrl !== undefined) parameters.push(`resource_metadata=${quoted(metadataUrl)}`)
  return `Bearer ${parameters.join(', ')}`
}

/** Bodies as JSON: the registered error code where there is one, and a fixed text. */
export const plainDialect: Dialect = Object.freeze({
  refusal: ({ code, description }: Refusal) => ({
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...(code && { error: code }), error_description: description }),
  }),
})

const decided: readonly string[] = ['www-authenticate', 'retry-after', 'cache-control']

/** The HTTP answer to a refusal (RFC 6750 §3, RFC 9470 §3; 503 for an outage, 429 for too many). */
export function refusalReply(refusal: Refusal, options: ChallengeOptions): Reply {
  const { status, retryAfterSeconds = 1 } = refusal
  const worded = options.dialect.refusal(refusal)
  const lowered = Object.entries(worded.headers).map(([name, value]) => [name.toLowerCase(), value] as const)
  const headers: Record<string, string | readonly string[]> = Object.fromEntries(lowered.filter(([name]) => !decided.includes(name)))
  headers['cache-control'] = 'no-store'
  // RFC 9110 §10.2.3: whole seconds.
  if (status === 503 || status === 429)
    headers['retry-after'] = String(Number.isFinite(retryAfterSeconds) ? Math.max(1, Math.ceil(retryAfterSeconds)) : 1)
  else headers['www-authenticate'] = challenge(refusal, options)
  return { status, headers, body: worded.body }
}

/**
 * Checks a text that goes into a header field: a control character there would make Node throw.
 *
 * @throws TypeError if it is not printable ASCII
 */
export function headerText(name: string, text: string): string {
  if (typeof text !== 'string' || !/^[\x20-\x7e]+$/.test(text))
    throw new TypeError(`createGuard: ${name} must be printable ASCII, got ${shownValue(text)}`)
  return text
}
