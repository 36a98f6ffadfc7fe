import {
  type Auth,
  hasOwn,
  isRefusal,
  isUnavailable,
  type JwtClaims,
  type KeyAnswer,
  type Refusal,
  type RevocationView,
  refuse,
  Unavailable,
  type VerificationKey,
  whenKnown,
} from '@countersign/core'
import { createHeaderMemo, type Jws, missingClaim, type ParsedClaims, parseJwt, sizeReason } from '@countersign/jwt'
import { isLive, type TrustedIssuer } from '../issuers/trust.js'
import { queriesOf, revokedBy } from './check-revocations.js'
import type { Provable } from './confirmation.js'
import { createFindOpaque, isDue, isStale } from './find-opaque.js'
import { inOrder } from './in-order.js'
import { type FoundToken, type TokenCache, tokenDigest, type VerifiedToken } from './token-cache.js'
import { applySchema, authFrom, validateClaims, validateTimes } from './validate-claims.js'
import { bounded, isKnown, refused, type Verdict } from './verdict.js'
import { verifyingKey } from './verifying-key.js'

/** What the verification of tokens needs. */
export interface VerificationContext {
  find(issuer: string): TrustedIssuer | undefined | Promise<TrustedIssuer | undefined>
  /** The entry of a token that is not verified by a signature. */
  recognise(token: string): TrustedIssuer | undefined
  readonly cache: TokenCache | undefined
  readonly revocations: RevocationView | undefined
  readonly maxTokenBytes: number
  /** What a token may be bound to, because the guard checks it. */
  readonly provable: Provable
  /** Epoch milliseconds. */
  now(): number
}

/** How far the work for a token came, for events of an outage. */
export interface Progress {
  /** The name of the issuer entry, as soon as it is known. */
  via: string | undefined
  /** Where the token came from, as `WireRequest.ip`. */
  readonly address?: string | undefined
  /** False: nobody may be asked about the token, and nothing is recorded. @defaultValue true */
  readonly record?: boolean | undefined
}

/** Answers at once when keys and issuer are at hand. Throws or rejects with `Unavailable`. */
export type VerifyToken = (token: string, progress: Progress) => Verdict | Promise<Verdict>

/** A token as it came. Each step adds what it found out to the same object. */
interface Presented {
  readonly token: string
  /** What it is remembered under; undefined without a cache. */
  readonly digest: string | undefined
  readonly progress: Progress
  trusted: TrustedIssuer | undefined
}

type Parsed = Presented & { readonly jws: Jws; readonly claims: ParsedClaims }
type OfIssuer = Parsed & { readonly trusted: TrustedIssuer }
type WithKeys = OfIssuer & { readonly answer: KeyAnswer }
type Signed = WithKeys & { readonly key: VerificationKey }
type Valid = Signed & { readonly auth: Auth }

/** For a host whose tenants are never the same twice: two requests could replace each other's issuer for ever. */
const maxAttempts = 3

const notText = refuse('malformed', { detail: { expected: 'a compact JWS', received: 'a value that is not a string' } })

const unknownIssuer = (iss: string): Refusal => refuse('unknown_issuer', { detail: { received: bounded(iss) } })

const otherAlgorithm = ({ header }: Jws, { rule }: TrustedIssuer): Refusal =>
  refuse('algorithm', { detail: { expected: [...rule.algorithms].join(' '), received: header.alg } })

const isEnded = (trusted: TrustedIssuer | undefined): boolean => trusted?.liveUntil === 0

/** The six steps. Cheap ones come first, nothing is believed before the signature, and no stranger causes I/O. */
function createSteps({ find, revocations, maxTokenBytes, provable, now }: VerificationContext) {
  const headers = createHeaderMemo()
  const parsing = { maxBytes: maxTokenBytes, headers }

  function parse(presented: Presented): Parsed | Refusal {
    const read = parseJwt(presented.token, parsing)
    if (!read.ok) return read.refusal
    const { jws, claims } = read
    return claims.iss === undefined ? missingClaim('iss') : Object.assign(presented, { jws, claims })
  }

  function findIssuer(parsed: Parsed): OfIssuer | Refusal | Promise<OfIssuer | Refusal> {
    const { jws, progress } = parsed
    const { iss = '' } = parsed.claims
    parsed.trusted = undefined
    return whenKnown(find(iss), (trusted) => {
      progress.via = trusted?.via
      if (trusted === undefined) return unknownIssuer(iss)
      const ofIssuer = Object.assign(parsed, { trusted })
      return trusted.rule.algorithms.has(jws.header.alg) ? ofIssuer : otherAlgorithm(jws, trusted)
    })
  }

  function findKeys(ofIssuer: OfIssuer): WithKeys | Promise<WithKeys> {
    const { kid, alg: algorithm } = ofIssuer.jws.header
    return whenKnown(ofIssuer.trusted.keys.find({ kid, algorithm }), (answer) => Object.assign(ofIssuer, { answer }))
  }

  /** Everything from here on is judged by the key that verified. */
  function verifySignature(withKeys: WithKeys): Signed | Refusal | Promise<Signed | Refusal> {
    const { jws, answer, trusted } = withKeys
    return whenKnown(verifyingKey(jws, answer, { trusted, view: revocations, now }), (key) => {
      if (isRefusal(key)) return key
      headers.remember(jws)
      return Object.assign(withKeys, { key })
    })
  }

  function checkClaims(signed: Signed): Valid | Refusal | Promise<Valid | Refusal> {
    const { jws, claims, trusted, key } = signed
    const { rule } = trusted
    const refusal = validateClaims(jws, claims, rule, { now: now() / 1000, provable })
    if (refusal) return refusal
    const admit = (complete: JwtClaims): Valid =>
      // The client comes from the token itself, not from the result of a schema.
      Object.assign(signed, { auth: authFrom(complete, claims, trusted, { kid: key.kid ?? jws.header.kid }) })
    // `iss` was looked up and `exp` was validated: both exist.
    const complete = claims as JwtClaims
    if (rule.schema === undefined) return admit(complete)
    return applySchema(complete, rule.schema).then((result) => (hasOwn(result, 'refusal') ? result.refusal : admit(result.claims)))
  }

  function checkRevocations(valid: Valid): FoundToken | Refusal | Promise<FoundToken | Refusal> {
    const { claims, trusted, auth, key, answer } = valid
    const queries = revocations === undefined ? [] : queriesOf(claims, trusted, auth, key.thumbprint)
    return whenKnown(revokedBy(revocations, queries), (reason) => (reason ? refuse(reason) : { auth, trusted, set: answer.set, queries }))
  }

  return inOrder(parse, findIssuer, findKeys, verifySignature, checkClaims, checkRevocations)
}

/** Verifies tokens: what may have changed of those in the cache, everything of all others. */
export function createVerifyToken(context: VerificationContext): VerifyToken {
  const { cache, revocations, maxTokenBytes, now, recognise } = context
  const takeSteps = createSteps(context)
  const findOpaque = createFindOpaque(context)

  function forget({ digest }: Presented): void {
    if (digest !== undefined) cache?.delete(digest)
  }

  function verdictOf(found: FoundToken | Refusal, presented: Presented): Verdict {
    const { digest, trusted } = presented
    if (isRefusal(found) || isDue(found.believed, now())) forget(presented)
    else if (digest !== undefined) {
      const { auth, set, queries, believed } = found
      const hit = Object.freeze({ ok: true, auth, cached: true } as const)
      // Member by member: V8 reads an object that was made by spreading more slowly, at each hit.
      cache?.set(digest, { auth, hit, trusted: found.trusted, set, queries, believed })
    }
    return isRefusal(found) ? refused(found, trusted) : { ok: true, auth: found.auth, cached: false }
  }

  function find(presented: Presented): FoundToken | Refusal | Promise<FoundToken | Refusal> {
    const trusted = recognise(presented.token)
    if (trusted === undefined) return takeSteps(presented)
    presented.progress.via = trusted.via
    presented.trusted = trusted
    return findOpaque(presented, trusted)
  }

  /** Takes all steps. The issuer may be removed or replaced while its keys are waited for: what is believed then decides. */
  function verifyAnew(presented: Presented, attempt = 1): Verdict | Promise<Verdict> {
    if (attempt > maxAttempts) throw new Unavailable('key_source_unavailable')
    const verdict = whenKnown(find(presented), (found) => verdictOf(found, presented))
    if (isKnown(verdict)) return verdict
    const instead = (): Verdict | Promise<Verdict> => verifyAnew(presented, attempt + 1)
    return verdict.then(
      (known) => (isEnded(presented.trusted) ? instead() : known),
      (error: unknown) => {
        if (isEnded(presented.trusted)) return instead()
        throw error
      },
    )
  }

  /** Checks of a token in the cache what may have changed: its times, and whether it was revoked. */
  function verifyAgain(presented: Presented, verified: VerifiedToken, time: number): Verdict | Promise<Verdict> {
    const { auth, hit, trusted } = verified
    const refusal = validateTimes(auth.claims, trusted.rule, time / 1000)
    if (refusal) {
      if (refusal.reason === 'expired') forget(presented)
      return refused(refusal, trusted, true)
    }
    if (revocations === undefined) return hit
    return whenKnown(revokedBy(revocations, verified.queries), (reason) => {
      if (reason) return refused(refuse(reason), trusted, true)
      return isEnded(trusted) ? verifyAnew(presented) : hit
    })
  }

  /** Its source is asked again. While that is unavailable, the last answer counts for as long as the entry allows. */
  async function verifyDue(presented: Presented, verified: VerifiedToken, time: number): Promise<Verdict> {
    const { auth, trusted, believed } = verified
    if (validateTimes(auth.claims, trusted.rule, time / 1000)) return verifyAgain(presented, verified, time)
    try {
      return await verifyAnew(presented)
    } catch (error) {
      if (isUnavailable(error) && isStale(believed, now()) && !isEnded(trusted)) return verifyAgain(presented, verified, now())
      throw error
    }
  }

  return (token, progress) => {
    if (typeof token !== 'string') return refused(notText)
    if (token.length > maxTokenBytes) return refused(sizeReason(token, maxTokenBytes))
    const digest = cache && tokenDigest(token)
    const presented: Presented = { token, digest, progress, trusted: undefined }
    const verified = digest === undefined ? undefined : cache?.get(digest)
    if (verified === undefined) return verifyAnew(presented)
    const { trusted, set, believed } = verified
    progress.via = trusted.via
    const time = now()
    const current = isLive(trusted, time) && trusted.keys.isCurrent(set)
    if (current === true) return isDue(believed, time) ? verifyDue(presented, verified, time) : verifyAgain(presented, verified, time)
    // Keys are closed with their issuer. A request that waited for them is then refused; it is not an outage.
    const waited =
      current &&
      Promise.resolve(current).catch((error: unknown) => {
        if (isEnded(trusted)) return false
        throw error
      })
    return whenKnown(waited, (still) => {
      if (still && !isEnded(trusted)) return verifyAgain(presented, verified, now())
      forget(presented)
      return verifyAnew(presented)
    })
  }
}
