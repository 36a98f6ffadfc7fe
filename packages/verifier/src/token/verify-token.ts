import {
  hasOwn,
  isRefusal,
  type JwtClaims,
  type KeyAnswer,
  type Refusal,
  type RevocationReason,
  type RevocationView,
  refuse,
  Unavailable,
  whenKnown,
} from '@countersign/core'
import { createHeaderMemo, type Jws, missingClaim, type ParsedClaims, parseClaims, parseJws, sizeReason } from '@countersign/jwt'
import { isLive, type TrustedIssuer } from '../issuers/trust.js'
import { queriesOf, revokedBy } from './check-revocations.js'
import type { TokenCache, VerifiedToken } from './token-cache.js'
import { authFrom, judgeClaims, judgeSchema, judgeTimes } from './validate-claims.js'
import { bounded, isKnown, refused, type Verdict } from './verdict.js'
import { verifyingKey } from './verifying-key.js'

/** What judging a token needs. */
export interface Judging {
  find(issuer: string): TrustedIssuer | undefined | Promise<TrustedIssuer | undefined>
  readonly cache: TokenCache | undefined
  readonly revocations: RevocationView | undefined
  readonly maxTokenBytes: number
  /** Epoch milliseconds. */
  now(): number
}

/** How far the judging of a token came, for events of an outage. */
export interface Course {
  /** The name of the issuer entry, as soon as it is known. */
  via: string | undefined
}

/** Answers at once when keys and issuer are at hand. Throws or rejects with `Unavailable`. */
export type JudgeToken = (token: string, course: Course) => Verdict | Promise<Verdict>

interface Presented {
  readonly token: string
  /** Undefined without a cache. */
  readonly digest: string | undefined
  readonly course: Course
}

interface Judged {
  readonly jws: Jws
  readonly claims: ParsedClaims
  readonly trusted: TrustedIssuer
  /** What it is remembered under. */
  readonly digest: string | undefined
}

/** For a host whose tenants are never the same twice: two requests could replace each other's issuer for ever. */
const maxAttempts = 3

const notText = refuse('malformed', { detail: { expected: 'a compact JWS', received: 'a value that is not a string' } })

const isEnded = (trusted: TrustedIssuer | undefined): boolean => trusted?.liveUntil === 0

function throwUnlessEnded(trusted: TrustedIssuer, error: unknown): false {
  if (isEnded(trusted)) return false
  throw error
}

const unknownIssuer = ({ iss = '' }: ParsedClaims): Refusal => refuse('unknown_issuer', { detail: { received: bounded(iss) } })

const otherAlgorithm = ({ header }: Jws, { rule }: TrustedIssuer): Refusal =>
  refuse('algorithm', { detail: { expected: [...rule.algorithms].join(' '), received: header.alg } })

function forget(cache: TokenCache | undefined, { digest }: Presented): void {
  if (digest !== undefined) cache?.delete(digest)
}

/** The order of work for one token: cheap before dear, nothing believed before the signature, no I/O for strangers. */
export function createJudge(judging: Judging): JudgeToken {
  const { cache, revocations, maxTokenBytes } = judging
  const headers = createHeaderMemo()
  const parsing = { maxBytes: maxTokenBytes, headers }

  function recheck(presented: Presented, verified: VerifiedToken, time: number): Verdict | Promise<Verdict> {
    const { auth, hit, trusted } = verified
    const refusal = judgeTimes(auth.claims, trusted.rule, time / 1000)
    if (refusal) {
      if (refusal.reason === 'expired') forget(cache, presented)
      return refused(refusal, trusted, true)
    }
    if (revocations === undefined) return hit
    return whenKnown(revokedBy(revocations, verified.queries), (reason) => {
      if (reason) return refused(refuse(reason), trusted, true)
      return isEnded(trusted) ? judgeAnew(presented) : hit
    })
  }

  function conclude({ jws, claims: said, trusted, digest }: Judged, claims: JwtClaims, answer: KeyAnswer): Verdict | Promise<Verdict> {
    // The client and the names for revocations come from the token itself, not from the result of a schema.
    const auth = authFrom(claims, said, trusted, answer.key?.kid ?? jws.header.kid)
    const queries = revocations === undefined ? [] : queriesOf(said, trusted, auth, answer.key?.thumbprint)
    const admit = (reason: RevocationReason | undefined): Verdict => {
      if (reason) return refused(refuse(reason), trusted)
      if (digest !== undefined) {
        const hit = Object.freeze({ ok: true, auth, cached: true } as const)
        cache?.set(digest, { auth, hit, trusted, set: answer.set, queries })
      }
      return { ok: true, auth, cached: false }
    }
    return revocations === undefined ? admit(undefined) : whenKnown(revokedBy(revocations, queries), admit)
  }

  /** Revocation, and everything else from here on, is judged by the key that verified. */
  function withKeys(judged: Judged, answer: KeyAnswer): Verdict | Promise<Verdict> {
    const looking = { trusted: judged.trusted, view: revocations, now: judging.now }
    return whenKnown(verifyingKey(judged.jws, answer, looking), (key) =>
      isRefusal(key) ? refused(key, judged.trusted) : verified(judged, { key, set: answer.set }),
    )
  }

  function verified(judged: Judged, answer: KeyAnswer): Verdict | Promise<Verdict> {
    const { jws, claims, trusted } = judged
    headers.remember(jws)
    const refusal = judgeClaims(jws, claims, trusted.rule, judging.now() / 1000)
    if (refusal) return refused(refusal, trusted)
    // `iss` was looked up and `exp` was validated: both exist.
    const complete = claims as JwtClaims
    const { schema } = trusted.rule
    if (schema === undefined) return conclude(judged, complete, answer)
    return judgeSchema(complete, schema).then((result) =>
      hasOwn(result, 'refusal') ? refused(result.refusal, trusted) : conclude(judged, result.claims, answer),
    )
  }

  function withIssuer(read: Omit<Judged, 'trusted'>, trusted: TrustedIssuer | undefined): Verdict | Promise<Verdict> {
    const { jws, claims, digest } = read
    const { kid, alg: algorithm } = jws.header
    if (trusted === undefined) return refused(unknownIssuer(claims))
    if (!trusted.rule.algorithms.has(algorithm)) return refused(otherAlgorithm(jws, trusted), trusted)
    return whenKnown(trusted.keys.find({ kid, algorithm }), (answer) => withKeys({ jws, claims, trusted, digest }, answer))
  }

  function judgeAnew(presented: Presented, attempt = 1): Verdict | Promise<Verdict> {
    if (attempt > maxAttempts) throw new Unavailable('key_source_unavailable')
    const { token, digest, course } = presented
    const parsed = parseJws(token, parsing)
    if (!parsed.ok) return refused(parsed.refusal)
    const { jws } = parsed
    const read = parseClaims(jws)
    if (!read.ok) return refused(read.refusal)
    const { claims } = read
    if (claims.iss === undefined) return refused(missingClaim('iss'))
    return whenKnown(judging.find(claims.iss), (trusted) => {
      course.via = trusted?.via
      const judged = withIssuer({ jws, claims, digest }, trusted)
      if (isKnown(judged)) return judged
      // The issuer may be removed or replaced while its keys are waited for, which may fail for it: what is believed now decides.
      const instead = (): Verdict | Promise<Verdict> => judgeAnew(presented, attempt + 1)
      return judged.then(
        (verdict) => (isEnded(trusted) ? instead() : verdict),
        (error: unknown) => {
          if (isEnded(trusted)) return instead()
          throw error
        },
      )
    })
  }

  return (token, course) => {
    if (typeof token !== 'string') return refused(notText)
    if (token.length > maxTokenBytes) return refused(sizeReason(token, maxTokenBytes))
    const digest = cache?.digest(token)
    const presented: Presented = { token, digest, course }
    const verified = digest === undefined ? undefined : cache?.get(digest)
    if (verified === undefined) return judgeAnew(presented)
    const { trusted, set } = verified
    course.via = trusted.via
    const time = judging.now()
    const current = isLive(trusted, time) && trusted.keys.isCurrent(set)
    if (current === true) return recheck(presented, verified, time)
    // Keys are closed with their issuer. A request that waited for them is then refused; it is not an outage.
    const waited = current && Promise.resolve(current).catch((error: unknown) => throwUnlessEnded(trusted, error))
    return whenKnown(waited, (still) => {
      if (still && !isEnded(trusted)) return recheck(presented, verified, judging.now())
      forget(cache, presented)
      return judgeAnew(presented)
    })
  }
}
