import { isUnavailable, type Outcome, type Refusal, refuse, Unavailable } from '@countersign/core'
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
  readonly ttlSeconds: number
}

/** A record outlives its token by this, so that a late replay is never a nonce that is not known. */
const graceSeconds = 60

const notForTheHost: readonly string[] = ['iss', 'aud', 'iat', 'nbf', 'exp', 'jti', 'cnf']

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** Asks the store; whatever it throws is an outage. */
export async function reachable<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (cause) {
    throw isUnavailable(cause) ? cause : new Unavailable('store_unavailable', { cause })
  }
}

function furtherClaims(subject: NonceSubject, { claimsOf }: NonceRules): Readonly<Record<string, unknown>> {
  const claims = { ...claimsOf(subject), ...subject.claims }
  const taken = notForTheHost.find((name) => Object.hasOwn(claims, name))
  if (taken !== undefined) throw new TypeError(`issue: the claim ${taken} is not for the host`)
  if (claims.sub !== undefined && !isText(claims.sub)) throw new TypeError('issue: the claim sub is a text')
  return claims
}

function claimsFor(subject: NonceSubject, jti: string, rules: NonceRules): Readonly<Record<string, unknown>> & { readonly exp: number } {
  const { issuer, ttlSeconds, notBeforeSkewSeconds, audienceOf, now } = rules
  const audience: unknown = subject.audience ?? audienceOf(subject)
  if (!isText(audience)) throw new TypeError('issue: the audience is a text')
  const iat = Math.floor(now() / 1000)
  const nbf = notBeforeSkewSeconds === undefined ? {} : { nbf: iat - notBeforeSkewSeconds }
  return { ...furtherClaims(subject, rules), iss: issuer, aud: audience, iat, ...nbf, exp: iat + ttlSeconds, jti }
}

async function overCap(clientId: string, { maxIssuedPerClient, ttlSeconds }: NonceRules): Promise<Refusal | undefined> {
  if (maxIssuedPerClient === undefined) return undefined
  const { attempts, limit } = maxIssuedPerClient
  const verdict = await reachable(() => attempts.reserve({ key: `nonce:${clientId}`, limit, windowMs: ttlSeconds * 1000 }))
  return verdict.ok ? undefined : refuse('too_many', { retryAfterSeconds: Math.ceil(verdict.retryAfterMs / 1000) })
}

/**
 * Signs a nonce and remembers it.
 *
 * @returns the only refusal is `too_many`
 * @throws TypeError for a subject that is not one, `Unavailable` in an outage
 */
export async function issueNonce(subject: NonceSubject, rules: NonceRules): Promise<Outcome<IssuedNonce>> {
  const { clientId } = subject
  if (!isText(clientId)) throw new TypeError('issue: clientId is required')
  const { algorithm, keys, typ, ttlSeconds, toleranceSeconds, store } = rules
  const jti = rules.newId()
  const claims = claimsFor(subject, jti, rules)
  const refusal = await overCap(clientId, rules)
  if (refusal) return { ok: false, refusal }
  const { signer, omitKid } = await keys.current()
  if (signer.algorithm !== algorithm) throw new TypeError(`issue: the signer signs with ${signer.algorithm}, not with ${algorithm}`)
  const token = await signJwt(claims, { signer, typ, omitKid })
  const keepForMs = (ttlSeconds + toleranceSeconds + graceSeconds) * 1000
  // Before it is given out: a store that lost its memory then refuses instead of admitting replays.
  await reachable(() => store.remember(jti, { clientId, keepForMs }))
  return { ok: true, token, jti, expiresAt: claims.exp, ttlSeconds }
}
