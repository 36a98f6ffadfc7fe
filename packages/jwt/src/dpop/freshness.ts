import { type Now, type Outcome, refuse } from '@countersign/core'
import type { DpopOptions } from './dpop-options.js'
import { createDpopNonces, type DpopNonces } from './nonces.js'
import type { ProofClaims } from './proof-claims.js'

/** How old a proof is, for the store that keeps its id. */
export interface ProofAge {
  /** The longest time ago, in milliseconds, that it may have been made. */
  readonly issuedAgoMs: number
  /** Until it is accepted nowhere any more, in milliseconds. */
  readonly ttlMs: number
  /** Age of its nonce in milliseconds; undefined without a nonce. */
  readonly nonceAgeMs: number | undefined
}

/** Judges when a proof was made. */
export interface Freshness {
  readonly nonces: DpopNonces | undefined
  /** Refusals `proof_nonce` and `proof_time`. */
  ageOf(claims: ProofClaims): Outcome<{ age: ProofAge }>
  /** Whether the nonce of a proof ends soon, so that the client should get a new one. */
  endsSoon(age: ProofAge): boolean
}

/** Longer than any two servers differ: an id that is forgotten too early can be used again. */
const marginMs = 60_000

const seconds = (value: number): string => `${Number(value.toFixed(3))} s`

const outside = (expected: string, received: string): Outcome<never> => ({
  ok: false,
  refusal: refuse('proof_time', { detail: { expected, received } }),
})

const otherNonce = (received: string): Outcome<never> => ({
  ok: false,
  refusal: refuse('proof_nonce', { detail: { expected: 'nonce: the one that this server gave last', received } }),
})

/** How proofs are judged by their nonce, or by their `iat` without one. */
export function createFreshness(options: DpopOptions, now: Now): Freshness {
  const { proofLifetimeSeconds: most = 60, toleranceSeconds: tolerance = 5, nonce } = options
  const nonces = nonce && createDpopNonces(nonce.secrets, now)
  const nonceLifeMs = (nonce?.lifetimeSeconds ?? 300) * 1000
  // Processes that share a store and secrets may differ by a second. Memory is of one process, which has one clock.
  const nonceToleranceMs = options.replay === undefined ? 0 : 1000

  function byTime(iat: number): Outcome<{ age: ProofAge }> {
    const ago = now() / 1000 - iat
    // In this form no proof is good by a clock that says NaN.
    if (!(ago <= most + tolerance && ago >= -tolerance)) {
      const expected =
        ago < 0
          ? `iat at most ${seconds(tolerance)} ahead (toleranceSeconds)`
          : `iat at most ${seconds(most)} ago (proofLifetimeSeconds), and ${seconds(tolerance)} (toleranceSeconds)`
      const received = ago < 0 ? `iat ${seconds(-ago)} ahead` : `iat ${seconds(ago)} ago`
      return outside(expected, received)
    }
    const age = {
      issuedAgoMs: Math.round((ago + tolerance) * 1000),
      ttlMs: Math.round((most + tolerance - ago) * 1000) + marginMs,
      nonceAgeMs: undefined,
    }
    return { ok: true, age }
  }

  /** The nonce tells when the proof was made at the earliest, by our own clock: `iat` does not count (RFC 9449 §4.3). */
  function byNonce(text: string, from: DpopNonces): Outcome<{ age: ProofAge }> {
    const age = from.ageMs(text)
    if (age === undefined) return otherNonce('a nonce of another server, or under a secret that is not known')
    if (!(age >= -nonceToleranceMs)) return otherNonce('a nonce from the future')
    if (age > nonceLifeMs) return otherNonce(`a nonce of ${seconds(age / 1000)} ago`)
    const ttlMs = Math.round(nonceLifeMs - age) + nonceToleranceMs + marginMs
    return { ok: true, age: { issuedAgoMs: age + nonceToleranceMs, ttlMs, nonceAgeMs: age } }
  }

  /** A proof needs neither claim. Where one stands it holds, as in every JWT (RFC 7519 §4.1.4, §4.1.5). */
  function byOwnLimits({ exp, nbf }: ProofClaims): Outcome<never> | undefined {
    const time = now() / 1000
    if (exp !== undefined && !(time < exp + tolerance)) return outside('exp that is not over', `exp ${seconds(time - exp)} ago`)
    if (nbf !== undefined && !(time >= nbf - tolerance)) return outside('nbf that is not ahead', `nbf ${seconds(nbf - time)} ahead`)
    return undefined
  }

  return {
    nonces,
    ageOf(claims) {
      const { iat, nonce: text } = claims
      const beyond = byOwnLimits(claims)
      if (beyond !== undefined) return beyond
      if (nonces === undefined) return byTime(iat)
      // A proof is judged in one way only. Its claim lasts as long as that way accepts it; the other way could accept it later.
      if (text !== undefined) return byNonce(text, nonces)
      return (nonce?.required ?? true) ? otherNonce('no nonce') : byTime(iat)
    },
    endsSoon: ({ nonceAgeMs }) => nonceAgeMs !== undefined && nonceAgeMs > nonceLifeMs / 2,
  }
}
