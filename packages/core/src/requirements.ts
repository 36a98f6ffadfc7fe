import type { Auth, Requirement } from './auth.js'
import { checkOptions, shownValue } from './options/check-options.js'
import { kind } from './options/kinds.js'
import type { OptionShape } from './options/option-kind.js'
import { isRefusal, type Refusal, refuse } from './refusal.js'

/** RFC 6749 §3.3: a scope-token is printable ASCII without space, quote and backslash. */
const isToken = (text: unknown): boolean => typeof text === 'string' && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(text)

function scopeTokens(name: string, scopes: readonly string[]): readonly string[] {
  if (scopes.length === 0) throw new TypeError(`${name}: scopes must be one or more, got none`)
  for (const scope of scopes) {
    // A requirement that was not called gets claims here: they belong in no log.
    const shown = typeof scope === 'string' ? JSON.stringify(scope) : 'a value that is not a string'
    if (!isToken(scope)) throw new TypeError(`${name}: each scope must be one scope-token (RFC 6749 §3.3), without spaces, got ${shown}`)
  }
  return Object.freeze([...scopes])
}

/** The scopes that the route needs and the token has are no secrets of anybody, and are bounded like every detail. */
function lacking(scopes: readonly string[], expected: string, auth: Auth): Refusal {
  return refuse('insufficient_scope', { scopes, detail: { expected, received: auth.scopes.join(' ') || 'no scope' } })
}

/**
 * Demands every one of the scopes.
 *
 * @param scopes - scope-tokens (RFC 6749 §3.3), compared by equality
 * @throws TypeError if none is given or one is not a scope-token
 */
export function requireScopes(...scopes: readonly string[]): Requirement {
  const needed = scopeTokens('requireScopes', scopes)
  const expected = `all of: ${needed.join(' ')}`
  const requirement = (auth: Auth): Refusal | undefined =>
    needed.every((scope) => auth.scopes.includes(scope)) ? undefined : lacking(needed, expected, auth)
  return Object.freeze(Object.assign(requirement, { scopes: needed }))
}

/**
 * Demands at least one of the scopes. The challenge names the first, which would have been enough.
 *
 * @param scopes - scope-tokens (RFC 6749 §3.3), the least powerful first
 * @throws TypeError if none is given or one is not a scope-token
 */
export function requireAnyScope(...scopes: readonly string[]): Requirement {
  const accepted = scopeTokens('requireAnyScope', scopes)
  const enough = Object.freeze(accepted.slice(0, 1))
  const expected = `one of: ${accepted.join(' ')}`
  const requirement = (auth: Auth): Refusal | undefined =>
    accepted.some((scope) => auth.scopes.includes(scope)) ? undefined : lacking(enough, expected, auth)
  return Object.freeze(Object.assign(requirement, { scopes: enough }))
}

/** Options of {@link requireAuthentication}. */
export interface AuthenticationRequirement {
  /** Accepted authentication context class references, compared with the claim `acr`. */
  readonly acr?: string | readonly string[]
  /** Longest time since the person signed in, in seconds, judged by the claim `auth_time`. */
  readonly maxAgeSeconds?: number
}

const authenticationShape: OptionShape<AuthenticationRequirement> = {
  acr: kind.strings,
  maxAgeSeconds: kind.number({ isInteger: true, unit: 'seconds' }),
}

/**
 * Demands a strong or recent authentication (RFC 9470). A token without the required claim fails.
 *
 * @throws TypeError if neither `acr` nor `maxAgeSeconds` is given
 */
export function requireAuthentication(options: AuthenticationRequirement): Requirement {
  checkOptions('requireAuthentication', options, authenticationShape)
  const { acr: accepted, maxAgeSeconds } = options ?? {}
  const acrValues = accepted === undefined ? undefined : Object.freeze([accepted].flat())
  if (acrValues === undefined && maxAgeSeconds === undefined)
    throw new TypeError('requireAuthentication: acr or maxAgeSeconds must be given, got neither')
  if (acrValues?.some((acr) => !isToken(acr))) {
    const wrong = acrValues.find((acr) => !isToken(acr))
    throw new TypeError(
      `requireAuthentication: acr must be printable ASCII without space, quote and backslash, got ${JSON.stringify(wrong)}`,
    )
  }
  const challenge = { ...(acrValues && { acrValues }), ...(maxAgeSeconds !== undefined && { maxAgeSeconds }) }
  const refused = (expected: string, received: string): Refusal =>
    refuse('insufficient_authentication', { ...challenge, detail: { expected, received } })
  return (auth, _request, { now }) => {
    const { acr, auth_time: authTime } = auth.claims
    if (acrValues && !(typeof acr === 'string' && acrValues.includes(acr)))
      return refused(`acr: ${acrValues.join(' ')}`, typeof acr === 'string' ? `acr: ${acr}` : 'no acr that is a string')
    if (maxAgeSeconds === undefined) return undefined
    const expected = `auth_time at most ${maxAgeSeconds} s ago`
    if (typeof authTime !== 'number') return refused(expected, 'no auth_time that is a number')
    return isRecent(now - authTime, maxAgeSeconds) ? undefined : refused(expected, `auth_time ${Math.round(now - authTime)} s ago`)
  }
}

/** How far a sign-in may lie in the future by an issuer's clock. One in milliseconds would never grow too old. */
const maxFutureSeconds = 60

function isRecent(ageSeconds: number, maxAgeSeconds: number): boolean {
  return ageSeconds <= maxAgeSeconds && ageSeconds >= -maxFutureSeconds
}

/**
 * Demands what a function of the host's says.
 *
 * @param test - gets the `Auth` and the host's request; true admits, a refusal is used as it is, all else is 403
 * @throws TypeError if it is not a function
 */
export function requireClaims<A = Auth, R = unknown>(
  test: (auth: A, request: R) => boolean | Refusal | Promise<boolean | Refusal>,
): Requirement<A, R> {
  if (typeof test !== 'function') throw new TypeError(`requireClaims: test must be a function, got ${shownValue(test)}`)
  const refusal = refuse('forbidden')
  return async (auth, request) => {
    const answer = await test(auth, request)
    if (answer === true) return undefined
    return isRefusal(answer) ? answer : refusal
  }
}

/**
 * Demands that the token came by one of the named issuer entries.
 *
 * @param names - names of entries as given to `createGuard`
 */
export function fromIssuers<const Names extends readonly [string, ...string[]]>(...names: Names): Requirement {
  if (names.length === 0) throw new TypeError('fromIssuers: names must be one or more, got none')
  const accepted = Object.freeze([...names])
  return (auth) =>
    accepted.includes(auth.via)
      ? undefined
      : refuse('wrong_issuer', { detail: { expected: accepted.join(' ').slice(0, 200), received: auth.via } })
}

/** Admits a request that carries no credentials at all. Bad credentials are refused as ever. */
export function optional(): Requirement {
  return Object.freeze(Object.assign((): undefined => undefined, { admitsAnonymous: true as const }))
}
