import { type ClientKeys, hasOwn, orUnavailable, type Reason, type ReplayClaim, type ReplayStore } from '@countersign/core'
import { isHmac, type Jws, normalizeType, type ParsedClaims, parseJwt, verifySignature } from '@countersign/jwt'
import { digestOf } from '../digest.js'
import type { AssertionReason } from '../refusal.js'
import { clientJwt } from './former-uses.js'
import type { EvenVerification } from './stand-in-key.js'
import { findClientKey, thumbprintOf, type UsedKey } from './used-key.js'

/** A JWT that was taken apart; nothing of it is verified. */
export interface PresentedAssertion {
  readonly jws: Jws
  readonly claims: ParsedClaims
}

/** Why a JWT is not believed. */
export interface AssertionFault {
  readonly ok: false
  readonly reason: AssertionReason
}

/** What is demanded of a JWT that a client signs. */
export interface AssertionExpectation {
  readonly clientId: string
  readonly issuer: string
  /** It has one `aud`, and that is one of these. */
  readonly audiences: readonly string[]
  /** Accepted `typ` in the form of `normalizeType`. */
  readonly types: readonly string[]
  readonly maxLifetimeSeconds: number
  readonly toleranceSeconds: number
  readonly jti: 'once' | 'any'
  /** What it is presented as: a client that may repeat it repeats this. */
  readonly use: AssertionUse
}

/** What a JWT of a client can be used as. */
export type AssertionUse = 'client_assertion' | 'jwt_bearer' | 'subject_token'

/** What has to be claimed before a JWT counts. */
export interface UseClaim extends ReplayClaim {
  /** Whether the JWT counts also where nobody can tell how it was used before. */
  readonly isGoodUnproved: boolean
}

/** A JWT that a client signed, as far as that can be told without using it up. */
export interface JudgedAssertion {
  readonly ok: true
  readonly claims: ParsedClaims
  readonly key: UsedKey
  /** `exp` in epoch seconds. */
  readonly expiresAt: number
  /** What has to be claimed before it counts: one that works more than once works in one use. */
  readonly once: UseClaim
}

const fault = (reason: AssertionReason): AssertionFault => ({ ok: false, reason })

const reasons: Readonly<Partial<Record<Reason, AssertionReason>>> = {
  algorithm: 'assertion_algorithm',
  token_type: 'assertion_type',
  unknown_issuer: 'assertion_issuer',
  issuer_rule: 'assertion_issuer',
  wrong_issuer: 'assertion_issuer',
  unknown_key: 'assertion_key_unknown',
  revoked_key: 'assertion_key_revoked',
  signature: 'assertion_signature',
  audience: 'assertion_audience',
  expired: 'assertion_expired',
  too_old: 'assertion_expired',
  not_yet_valid: 'assertion_not_yet_valid',
  issued_in_future: 'assertion_issued_in_future',
  confirmation: 'assertion_bound',
  revoked_token: 'assertion_revoked',
  revoked_subject: 'assertion_revoked',
  revoked_client: 'assertion_revoked',
  unprovable: 'assertion_unprovable',
}

/** The reason of a verifier, or of the parser, among ours. */
export function assertionFault(reason: Reason): AssertionFault {
  return fault(reasons[reason] ?? 'assertion_malformed')
}

/** Takes a JWT apart, strictly. */
export function readAssertion(text: string): ({ readonly ok: true } & PresentedAssertion) | AssertionFault {
  const read = parseJwt(text)
  return read.ok ? read : assertionFault(read.refusal.reason)
}

/** What a JWT is judged with. */
export interface Judge {
  readonly keys: ClientKeys
  /** Epoch milliseconds. */
  readonly nowMs: number
  /** For callers that nobody knows yet. @defaultValue verifies where there is a key */
  readonly verify?: EvenVerification | undefined
}

const plainly: EvenVerification = (jws, key) => key !== undefined && verifySignature(jws, key)

/** Most keys that a JWT without kid is tried against: each costs a verification, and anybody can send such JWTs. */
const maxTried = 4

/** The key by client and kid, with the algorithm that belongs to the key. */
async function signedBy(
  { jws }: PresentedAssertion,
  clientId: string,
  { keys, verify = plainly }: Judge,
): Promise<UsedKey | AssertionFault> {
  const { alg: algorithm, kid } = jws.header
  // Keys of clients are public: as a secret one would let everybody in.
  if (isHmac(algorithm)) return fault('assertion_algorithm')
  const answer = await findClientKey(keys, { clientId, kid, algorithm })
  const found = answer.ok ? [answer.key, ...(answer.others ?? [])] : []
  // As often whether or not there is a key, and however many: the time must not tell.
  const tried = Array.from({ length: kid === undefined ? maxTried : 1 }, (_, index) => found[index])
  const [key] = tried.filter((one) => verify(jws, one))
  if (!answer.ok) return fault(`assertion_key_${answer.reason}`)
  if (key !== undefined) return { kid: key.kid ?? kid, algorithm, thumbprint: thumbprintOf(key) }
  keys.doubt?.(clientId)
  return fault('assertion_signature')
}

function isFor({ aud }: ParsedClaims, audiences: readonly string[]): boolean {
  const [only, ...others] = [aud ?? []].flat()
  return only !== undefined && others.length === 0 && audiences.includes(only)
}

/** @param now - epoch seconds, with a fraction */
function timeFault({ exp, nbf, iat }: ParsedClaims, expected: AssertionExpectation, now: number): AssertionReason | undefined {
  const { maxLifetimeSeconds, toleranceSeconds } = expected
  if (exp === undefined) return 'assertion_malformed'
  if (!(now < exp + toleranceSeconds)) return 'assertion_expired'
  if (nbf !== undefined && now < nbf - toleranceSeconds) return 'assertion_not_yet_valid'
  if (iat !== undefined && iat > now + toleranceSeconds) return 'assertion_issued_in_future'
  // Without `iat` it may have been made just now.
  const life = iat === undefined ? exp - now - toleranceSeconds : exp - iat
  return life <= maxLifetimeSeconds ? undefined : 'assertion_life'
}

function claimFault(presented: PresentedAssertion, expected: AssertionExpectation, now: number): AssertionReason | undefined {
  const { jws, claims } = presented
  if (!expected.types.includes(normalizeType(jws.header.typ))) return 'assertion_type'
  if (claims.cnf !== undefined) return 'assertion_bound'
  if (claims.iss !== expected.issuer) return 'assertion_issuer'
  if (!isFor(claims, expected.audiences)) return 'assertion_audience'
  const late = timeFault(claims, expected, now)
  if (late) return late
  return expected.jti === 'once' && !claims.jti ? 'assertion_jti' : undefined
}

/** The longest life of a client assertion, in seconds: an intercepted one is useless five minutes later. */
export const longestClientAssertionSeconds = 300

/**
 * A client that may repeat a JWT makes the same call of the store again, which is answered as it was the first time. Another use is
 * another call.
 */
function repeatableFor(use: AssertionUse, lifetimeSeconds: number): Pick<UseClaim, 'callId' | 'isGoodUnproved'> {
  // One that lives longer was not a client assertion before. It must not die with the memory of the store.
  return { callId: `use-${use}`, isGoodUnproved: lifetimeSeconds > longestClientAssertionSeconds }
}

/** Ids of two clients, or of two issuers, never meet: nobody uses up somebody else's. What the JWT is used for makes no other id. */
function claimOf({ jws, claims: { iat, exp = 0, jti } }: PresentedAssertion, expected: AssertionExpectation, now: number): UseClaim {
  const { clientId, issuer, maxLifetimeSeconds, toleranceSeconds, use } = expected
  // One without `iat` would have been refused as too long before that.
  const issuedAt = iat ?? exp - maxLifetimeSeconds - toleranceSeconds
  // Without a name it is what was signed.
  const name = jti ? [jti] : ['', jws.signingInput.toString('latin1')]
  return {
    purpose: clientJwt,
    id: digestOf(clientId, issuer, ...name).toString('base64url'),
    issuedAgoMs: Math.max(0, now - issuedAt + toleranceSeconds) * 1000,
    // Another process may have a clock that is behind ours.
    ttlMs: (exp - now + 2 * toleranceSeconds + 60) * 1000,
    ...(expected.jti === 'any' ? repeatableFor(use, exp - (iat ?? now)) : { isGoodUnproved: false }),
  }
}

/**
 * Judges a JWT that a client signed. Nothing is used up: see {@link claimOnce}. Rejects with `Unavailable` in an outage.
 */
export async function judgeAssertion(
  presented: PresentedAssertion,
  expected: AssertionExpectation,
  judge: Judge,
): Promise<JudgedAssertion | AssertionFault> {
  const key = await signedBy(presented, expected.clientId, judge)
  if (hasOwn(key, 'ok')) return key
  const now = judge.nowMs / 1000
  const reason = claimFault(presented, expected, now)
  if (reason) return fault(reason)
  const { claims } = presented
  return { ok: true, claims, key, expiresAt: claims.exp ?? 0, once: claimOf(presented, expected, now) }
}

/** Uses a JWT up: the last thing before what it is for is done. Exactly one caller, or one use where it may be repeated, gets undefined. */
export async function claimOnce(replay: ReplayStore, claim: UseClaim, callId: string): Promise<AssertionFault | undefined> {
  const { isGoodUnproved, ...once } = claim
  const verdict = await orUnavailable(replay.claim({ callId, ...once }))
  switch (verdict) {
    case 'claimed':
      return undefined
    case 'replayed':
      return fault('assertion_replayed')
    case 'unprovable':
      return isGoodUnproved ? undefined : fault('assertion_unprovable')
  }
}

/** What takes a claim back. Absent for a JWT that may be repeated: the same use of it works again anyway. */
export function undoOf(replay: ReplayStore, claim: UseClaim): ((callId: string) => Promise<boolean>) | undefined {
  return claim.callId === undefined ? (callId) => replay.undo(claim, callId) : undefined
}
