import { asUnavailable, type Outcome, refuse, shownValue } from '@countersign/core'
import { signJwt } from '@countersign/jwt'
import type { NonceSubject } from './nonce-options.js'
import type { NonceRules } from './nonce-rules.js'

/** A nonce as it was issued. */
export interface IssuedNonce {
  readonly token: string
  readonly jti: string
  /** Epoch seconds: `exp`. */
  readonly expiresAt: number
  /** Its whole life. */
  readonly lifetimeSeconds: number
}

/** A record outlives its token by this, so that a late replay is never a nonce that is not known. */
const graceSeconds = 60

/** The last one says what the nonce was obtained with. Spending looks it up in the denylist. */
const notForTheHost: readonly string[] = ['iss', 'aud', 'iat', 'nbf', 'exp', 'jti', 'cnf', 'client_credential']

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

function furtherClaims(subject: NonceSubject, { claimsOf }: NonceRules): Readonly<Record<string, unknown>> {
  const claims = { ...claimsOf?.(subject), ...subject.claims }
  const taken = notForTheHost.find((name) => Object.hasOwn(claims, name))
  if (taken !== undefined) throw new TypeError(`issue: claims must not have ${taken}, which only the issuer sets`)
  if (claims.sub !== undefined && !isText(claims.sub))
    throw new TypeError(`issue: the claim sub must be a non-empty string, got ${shownValue(claims.sub)}`)
  return claims
}

/** The owner of the nonce and what it was obtained with. Spending looks both up in the denylist. */
function holderOf({ clientId, credentials = [] }: NonceSubject, { revocations }: NonceRules): Readonly<Record<string, unknown>> {
  if (!Array.isArray(credentials) || !credentials.every(isText)) throw new TypeError('issue: credentials must be a list of names')
  if (revocations === undefined) return {}
  return { client_id: clientId, ...(credentials.length > 0 && { client_credential: credentials }) }
}

function claimsFor(subject: NonceSubject, jti: string, rules: NonceRules): Readonly<Record<string, unknown>> & { readonly exp: number } {
  const { issuer: iss, lifetimeSeconds, notBeforeSkewSeconds, audienceOf, claimsOf, now } = rules
  const aud: unknown = subject.audience ?? audienceOf(subject)
  if (!isText(aud)) throw new TypeError(`issue: audience must be a non-empty string, got ${shownValue(aud)}`)
  const iat = Math.floor(now() / 1000)
  // What is undefined is not written.
  const nbf = notBeforeSkewSeconds === undefined ? undefined : iat - notBeforeSkewSeconds
  const claims = { iss, aud, iat, nbf, exp: iat + lifetimeSeconds, jti, ...holderOf(subject, rules) }
  const hasFurther = claimsOf !== undefined || subject.claims !== undefined
  return hasFurther ? { ...furtherClaims(subject, rules), ...claims } : claims
}

async function reserved(clientId: string, rules: NonceRules): Promise<Outcome<object>> {
  const { maxIssuedPerClient, lifetimeSeconds } = rules
  if (maxIssuedPerClient === undefined) return { ok: true }
  const { attempts, limit } = maxIssuedPerClient
  try {
    const verdict = await attempts.reserve({ key: `nonce:${clientId}`, limit, windowMs: lifetimeSeconds * 1000 })
    if (verdict.ok) return verdict
    return { ok: false, refusal: refuse('too_many', { retryAfterSeconds: Math.ceil(verdict.retryAfterMs / 1000) }) }
  } catch (cause) {
    throw asUnavailable(cause)
  }
}

async function signed(claims: object, { algorithm, keys, typ }: NonceRules): Promise<string> {
  const current = keys.current()
  const { signer, omitKid } = current instanceof Promise ? await current : current
  if (signer.algorithm !== algorithm)
    throw new TypeError(`issue: the algorithm of the signer must be ${algorithm}, got ${signer.algorithm}`)
  return signJwt(claims, { signer, typ, omitKid })
}

/**
 * Signs a nonce and remembers it.
 *
 * @returns the only refusal is `too_many`
 * @throws TypeError for a subject that is not one, `Unavailable` in an outage
 */
export async function issueNonce(subject: NonceSubject, rules: NonceRules): Promise<Outcome<IssuedNonce>> {
  const { clientId } = subject
  if (!isText(clientId)) throw new TypeError(`issue: clientId must be a non-empty string, got ${shownValue(clientId)}`)
  const { lifetimeSeconds, toleranceSeconds, store } = rules
  const jti = rules.newId()
  const claims = claimsFor(subject, jti, rules)
  const room = await reserved(clientId, rules)
  if (!room.ok) return room
  const token = await signed(claims, rules)
  try {
    // Before it is given out: a store that lost its memory then refuses instead of admitting replays.
    await store.remember(jti, { clientId, ttlMs: (lifetimeSeconds + toleranceSeconds + graceSeconds) * 1000 })
  } catch (cause) {
    throw asUnavailable(cause)
  }
  return { ok: true, token, jti, expiresAt: claims.exp, lifetimeSeconds }
}
