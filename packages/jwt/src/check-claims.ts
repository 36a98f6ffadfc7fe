import { type Refusal, type RefusalFields, refuse } from '@countersign/core'
import { missingClaim, type ParsedClaims } from './parse-jwt.js'

/** What an issuer's tokens are held to in time. All in seconds. */
export interface TimeRule {
  /** Epoch seconds; may have a fraction. */
  readonly now: number
  /** How far clocks may differ; widens `exp`, `nbf` and the age. */
  readonly toleranceSeconds: number
  /** Longest time since `iat`, which is then required. */
  readonly maxAgeSeconds?: number | undefined
  /** How far `iat` may lie ahead; null = as far as it likes, unless an age is demanded. */
  readonly maxFutureIssuedSeconds: number | null
}

/** Seconds in words, to the millisecond. */
const seconds = (value: number): string => `${Number(value.toFixed(3))} s`

/** By how much a time is off, and how much it may be. */
const off = (expected: string, received: string): RefusalFields => ({ detail: { expected, received } })

function expired(exp: number, { now, toleranceSeconds }: TimeRule): Refusal {
  return refuse('expired', off(`exp less than ${seconds(toleranceSeconds)} ago (clockToleranceSeconds)`, `exp ${seconds(now - exp)} ago`))
}

function notYetValid(nbf: number, { now, toleranceSeconds }: TimeRule): Refusal {
  return refuse(
    'not_yet_valid',
    off(`nbf at most ${seconds(toleranceSeconds)} ahead (clockToleranceSeconds)`, `nbf ${seconds(nbf - now)} ahead`),
  )
}

function issuedInFuture(iat: number, { now, maxFutureIssuedSeconds, toleranceSeconds }: TimeRule): Refusal {
  const [most, option] =
    maxFutureIssuedSeconds === null ? [toleranceSeconds, 'clockToleranceSeconds'] : [maxFutureIssuedSeconds, 'maxFutureIssuedSeconds']
  return refuse('issued_in_future', off(`iat at most ${seconds(most)} ahead (${option})`, `iat ${seconds(iat - now)} ahead`))
}

function tooOld(iat: number, maxAgeSeconds: number, { now, toleranceSeconds }: TimeRule): Refusal {
  const most = `iat at most ${seconds(maxAgeSeconds)} ago (maxAgeSeconds), and ${seconds(toleranceSeconds)} (clockToleranceSeconds)`
  return refuse('too_old', off(most, `iat ${seconds(now - iat)} ago`))
}

/**
 * Holds `exp`, `nbf` and `iat` to a rule. `exp` is required.
 *
 * @returns undefined, or a refusal `claims` (exp missing, or iat where an age is demanded), `expired`, `not_yet_valid`,
 * `issued_in_future`, `too_old`, with the seconds in its detail
 */
export function checkTimes(claims: ParsedClaims, rule: TimeRule): Refusal | undefined {
  const { exp, nbf, iat } = claims
  const { now, toleranceSeconds, maxAgeSeconds } = rule
  if (exp === undefined) return missingClaim('exp')
  // RFC 7519 §4.1.4: "on or after which". In this form no token is good by a clock that says NaN.
  if (!(now < exp + toleranceSeconds)) return expired(exp, rule)
  if (nbf !== undefined && now < nbf - toleranceSeconds) return notYetValid(nbf, rule)
  // A token from the future would never grow too old.
  const maxFuture = rule.maxFutureIssuedSeconds ?? (maxAgeSeconds === undefined ? Number.POSITIVE_INFINITY : toleranceSeconds)
  if (iat !== undefined && iat > now + maxFuture) return issuedInFuture(iat, rule)
  if (maxAgeSeconds === undefined) return undefined
  if (iat === undefined) return missingClaim('iat')
  return now - iat > maxAgeSeconds + toleranceSeconds ? tooOld(iat, maxAgeSeconds, rule) : undefined
}

/**
 * Whether `aud` names one of the accepted audiences exactly (RFC 7519 §4.1.3).
 *
 * @returns undefined, or a refusal `audience`; a token without `aud` is refused
 */
export function checkAudience(claims: ParsedClaims, accepted: readonly string[]): Refusal | undefined {
  const { aud } = claims
  if (typeof aud === 'string' ? accepted.includes(aud) : aud?.some((one) => accepted.includes(one))) return undefined
  const received = typeof aud === 'string' ? aud : (aud ?? []).slice(0, 10).join(' ')
  return refuse('audience', { detail: { expected: accepted.join(' ').slice(0, 200), received: received.slice(0, 200) } })
}
