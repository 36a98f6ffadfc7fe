import type { Dialect, Refusal, Reply } from '@countersign/core'

/** What every challenge of a guard says. */
export interface ChallengeOptions {
  readonly realm: string
  /** URL of the RFC 9728 metadata, where there is one. */
  readonly metadataUrl: string | undefined
  readonly dialect: Dialect
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}

/** A requirement of the host's may word a refusal with any text; RFC 6750 §3 allows few characters, and Node throws at control characters. */
function plain(text: string): string {
  return text.slice(0, 500).replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, '?')
}

function challenge(refusal: Refusal, { realm, metadataUrl }: ChallengeOptions): string {
  const parameters = [`realm=${quoted(realm)}`]
  if (refusal.code) parameters.push(`error=${quoted(refusal.code)}`, `error_description=${quoted(plain(refusal.description))}`)
  if (refusal.scopes) parameters.push(`scope=${quoted(plain(refusal.scopes.join(' ')))}`)
  if (refusal.acrValues) parameters.push(`acr_values=${quoted(plain(refusal.acrValues.join(' ')))}`)
  if (refusal.maxAgeSeconds !== undefined) parameters.push(`max_age=${quoted(String(refusal.maxAgeSeconds))}`)
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

/** The HTTP answer to a refusal (RFC 6750 §3, RFC 9470 §3; 503 for an outage). */
export function refusalReply(refusal: Refusal, options: ChallengeOptions): Reply {
  const worded = options.dialect.refusal(refusal)
  const { status } = refusal
  const own: Record<string, string> = { 'cache-control': 'no-store' }
  if (status === 503) own['retry-after'] = String(refusal.retryAfterSeconds ?? 1)
  else own['www-authenticate'] = challenge(refusal, options)
  return { status, headers: { ...worded.headers, ...own }, body: worded.body }
}

/**
 * Checks a text that goes into a header field: a control character there would make Node throw.
 *
 * @throws TypeError if it is not printable ASCII
 */
export function headerText(name: string, text: string): string {
  if (!/^[\x20-\x7e]+$/.test(text)) throw new TypeError(`${name} is printable ASCII`)
  return text
}
