import { randomUUID } from 'node:crypto'
import {
  type AsymmetricAlgorithm,
  type AttemptStore,
  eventChannel,
  type HmacAlgorithm,
  isUnavailable,
  type JwtClaims,
  type KeySource,
  type NonceStore,
  type NonceVerdict,
  type Now,
  type Outcome,
  type Reason,
  type Refusal,
  refuse,
  type SecretsOption,
  type SignerSource,
  Unavailable,
} from '@countersign/core'
import {
  checkAudience,
  checkTimes,
  isHmac,
  normalizeType,
  type ParsedClaims,
  parseClaims,
  parseJws,
  signJwt,
  verifySignature,
} from '@countersign/jwt'
import { type NonceKeys, pairNonceKeys, secretNonceKeys } from './nonce-keys.js'

/** Who a nonce is for. */
export interface NonceSubject {
  readonly clientId: string
  /** `aud`. @defaultValue what the option `audience` says */
  readonly audience?: string
  /** Further claims; registered ones cannot be replaced. */
  readonly claims?: Readonly<Record<string, unknown>>
}

/** A purpose that a nonce can be spent for, once each. */
export interface NoncePurpose {
  /** The audiences that it takes. */
  readonly audiences: readonly string[]
}

interface CommonOptions<Purpose extends string> {
  /** `iss`. */
  readonly issuer: string
  readonly ttlSeconds: number
  readonly store: NonceStore
  /** `aud`, or a function of who it is for. */
  readonly audience: string | ((subject: NonceSubject) => string)
  readonly purposes: Readonly<Record<Purpose, NoncePurpose>>
  /** Kept apart from access tokens by it. @defaultValue `'nonce+jwt'` */
  readonly typ?: string
  /** `sub`. @defaultValue none */
  readonly subject?: string
  /** Further claims of every nonce, a function of the moment. */
  readonly claims?: (subject: NonceSubject) => Readonly<Record<string, unknown>>
  /** `nbf` lies so far before `iat`, in seconds. @defaultValue no `nbf` */
  readonly notBeforeSkewSeconds?: number
  /** @defaultValue 5 */
  readonly clockToleranceSeconds?: number
  /** Bounds what one client can make the store remember in `ttlSeconds`. @defaultValue off */
  readonly maxIssuedPerClient?: { readonly limit: number; readonly attempts: AttemptStore }
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
  readonly randomUUID?: () => string
}

/** Options of {@link createNonces}: secrets for HMAC, or a signer with its keys. */
export type NonceOptions<Purpose extends string> = CommonOptions<Purpose> &
  (
    | {
        readonly secrets: SecretsOption /** @defaultValue `'HS512'` */
        readonly algorithm?: HmacAlgorithm
        readonly signer?: never
        readonly keys?: never
      }
    | { readonly signer: SignerSource; readonly keys: KeySource; readonly algorithm: AsymmetricAlgorithm; readonly secrets?: never }
  )

/** A nonce as it was issued. */
export interface IssuedNonce {
  readonly token: string
  readonly jti: string
  /** Epoch seconds. */
  readonly expiresAt: number
}

/** Issues and spends one-time JWTs. Both reject with `Unavailable` when the store is out of reach. */
export interface Nonces<Purpose extends string> {
  /** Signs a nonce and remembers it. The only refusal is `too_many`. */
  issue(subject: NonceSubject): Promise<Outcome<IssuedNonce>>
  /**
   * Spends a nonce for one purpose. What fails a check is not spent.
   *
   * @param binding - with `clientId`, a nonce of another client is refused as `wrong_client`
   */
  spend(token: string, purpose: Purpose, binding?: { readonly clientId?: string }): Promise<Outcome<{ readonly claims: JwtClaims }>>
}

const events = eventChannel('countersign:nonce')
const reasons: Readonly<Record<Exclude<NonceVerdict, 'spent'>, Reason>> = {
  replayed: 'replayed',
  unknown: 'unknown_nonce',
  mismatch: 'wrong_client',
}
const registered: readonly string[] = ['iss', 'aud', 'iat', 'nbf', 'exp', 'jti', 'sub', 'cnf']
/** A record outlives its token by this, so that a late replay is a replay and not unknown. */
const graceSeconds = 60

function checked<Purpose extends string>(options: NonceOptions<Purpose>): NonceKeys {
  const { issuer, ttlSeconds, store, purposes, secrets } = options
  if (typeof issuer !== 'string' || issuer === '') throw new TypeError('createNonces: issuer is required')
  if (!(Number.isFinite(ttlSeconds) && ttlSeconds > 0)) throw new TypeError('createNonces: ttlSeconds is a positive number')
  if (typeof store?.spend !== 'function') throw new TypeError('createNonces: store is required')
  if (options.audience === undefined || options.audience === '') throw new TypeError('createNonces: audience is required')
  const lists = Object.values<NoncePurpose>(purposes ?? {})
  if (lists.length === 0 || lists.some(({ audiences }) => !Array.isArray(audiences) || audiences.length === 0))
    throw new TypeError('createNonces: every purpose lists the audiences that it takes')
  if (secrets !== undefined) {
    const algorithm = options.algorithm ?? 'HS512'
    if (!isHmac(algorithm)) throw new TypeError('createNonces: secrets go with an HMAC algorithm')
    return secretNonceKeys(secrets, algorithm)
  }
  if (typeof options.signer?.current !== 'function' || typeof options.keys?.find !== 'function')
    throw new TypeError('createNonces needs secrets, or signer and keys')
  return pairNonceKeys(options.signer, options.keys)
}

async function reachable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    throw isUnavailable(cause) ? cause : new Unavailable('store_unavailable', { cause })
  }
}

/**
 * One-time JWTs whose single use a store enforces.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function createNonces<const Purpose extends string>(options: NonceOptions<Purpose>): Nonces<Purpose> {
  const keys = checked(options)
  const {
    issuer,
    ttlSeconds,
    store,
    typ = 'nonce+jwt',
    clockToleranceSeconds: toleranceSeconds = 5,
    notBeforeSkewSeconds,
    maxIssuedPerClient,
  } = options
  const algorithm = options.algorithm ?? 'HS512'
  const now = options.now ?? Date.now
  const uuid = options.randomUUID ?? randomUUID

  function claimsFor(subject: NonceSubject, jti: string, iat: number): Readonly<Record<string, unknown>> {
    const audience = subject.audience ?? (typeof options.audience === 'function' ? options.audience(subject) : options.audience)
    const further = Object.entries({ ...options.claims?.(subject), ...subject.claims }).filter(([name]) => !registered.includes(name))
    return {
      ...Object.fromEntries(further),
      iss: issuer,
      aud: audience,
      iat,
      ...(notBeforeSkewSeconds !== undefined && { nbf: iat - notBeforeSkewSeconds }),
      exp: iat + ttlSeconds,
      jti,
      ...(options.subject !== undefined && { sub: options.subject }),
    }
  }

  async function tooMany(clientId: string): Promise<Refusal | undefined> {
    if (maxIssuedPerClient === undefined) return undefined
    const { attempts, limit } = maxIssuedPerClient
    const verdict = await reachable(attempts.reserve({ key: `nonce:${clientId}`, limit, windowMs: ttlSeconds * 1000 }))
    return verdict.ok ? undefined : refuse('too_many', { retryAfterSeconds: Math.ceil(verdict.retryAfterMs / 1000) })
  }

  /** Everything but the store: a token that fails here is not spent. */
  async function verify(token: string, purpose: Purpose): Promise<Outcome<{ readonly claims: ParsedClaims }>> {
    const parsed = parseJws(token)
    if (!parsed.ok) return parsed
    const { jws } = parsed
    const fail = (refusal: Refusal): Outcome<never> => ({ ok: false, refusal })
    if (jws.header.alg !== algorithm) return fail(refuse('algorithm'))
    const key = await keys.find({ kid: jws.header.kid, algorithm: jws.header.alg })
    if (key === undefined) return fail(refuse('unknown_key'))
    if (!verifySignature(jws, key)) return fail(refuse('signature'))
    if (normalizeType(jws.header.typ) !== normalizeType(typ)) return fail(refuse('token_type'))
    const read = parseClaims(jws)
    if (!read.ok) return read
    const { claims } = read
    if (claims.iss !== issuer) return fail(refuse('unknown_issuer'))
    if (claims.jti === undefined || claims.cnf !== undefined) return fail(refuse(claims.jti === undefined ? 'claims' : 'confirmation'))
    const refusal =
      checkTimes(claims, { now: now() / 1000, toleranceSeconds, maxFutureIssuedSeconds: 60 }) ??
      checkAudience(claims, options.purposes[purpose].audiences)
    return refusal ? fail(refusal) : { ok: true, claims }
  }

  async function spend(token: string, purpose: Purpose, clientId: string | undefined): Promise<Outcome<{ readonly claims: JwtClaims }>> {
    if (!Object.hasOwn(options.purposes, purpose)) throw new TypeError(`spend: the purpose ${JSON.stringify(purpose)} was not declared`)
    const verified = typeof token === 'string' ? await verify(token, purpose) : ({ ok: false, refusal: refuse('malformed') } as const)
    if (!verified.ok) return verified
    const { claims } = verified
    const verdict = await reachable(store.spend(claims.jti ?? '', purpose, { clientId }))
    // `iss` and `exp` were judged: both are there.
    return verdict === 'spent' ? { ok: true, claims: claims as JwtClaims } : { ok: false, refusal: refuse(reasons[verdict]) }
  }

  return {
    async issue(subject) {
      if (typeof subject.clientId !== 'string' || subject.clientId === '') throw new TypeError('issue: clientId is required')
      const refusal = await tooMany(subject.clientId)
      if (refusal) {
        events.publish({ action: 'issue', outcome: refusal.reason, clientId: subject.clientId })
        return { ok: false, refusal }
      }
      const { signer, omitKid } = await keys.current()
      if (signer.algorithm !== algorithm) throw new TypeError(`createNonces: the signer signs with ${signer.algorithm}, not ${algorithm}`)
      const jti = uuid()
      const iat = Math.floor(now() / 1000)
      const token = await signJwt(claimsFor(subject, jti, iat), { signer, typ, omitKid })
      // Remembered before it is given out: a store that lost its memory then refuses instead of admitting replays.
      await reachable(store.remember(jti, { clientId: subject.clientId, keepForMs: (ttlSeconds + toleranceSeconds + graceSeconds) * 1000 }))
      events.publish({ action: 'issue', outcome: 'issued', clientId: subject.clientId, jti })
      return { ok: true, token, jti, expiresAt: iat + ttlSeconds }
    },
    async spend(token, purpose, binding = {}) {
      const result = await spend(token, purpose, binding.clientId)
      events.publish({
        action: 'spend',
        outcome: result.ok ? 'spent' : result.refusal.reason,
        purpose,
        ...(result.ok && result.claims.jti !== undefined && { jti: result.claims.jti }),
      })
      return result
    },
  }
}
