import { shownValue } from '@countersign/core'
import type { Middleware } from '../middleware.js'
import { check, type Payload, valuesOf } from './payload-check.js'

type JsonPrimitive = string | number | boolean | null

function requireClaim(factory: string, claim: unknown): void {
  if (typeof claim !== 'string') throw new TypeError(`${factory}: the name of the claim must be a string, got ${shownValue(claim)}`)
}

/** Demands a claim with every one of the values, in a list or in a text with spaces. @throws TypeError if the name is not a string */
export function claimIncludes(claim: string, ...expected: readonly JsonPrimitive[]): Middleware {
  requireClaim('claimIncludes', claim)
  return check((payload) => expected.every((value) => valuesOf(payload, claim).includes(value)), `Unexpected '${claim}' value`)
}

/** Demands a claim with exactly this value. @throws TypeError if the name is not a string */
export function claimEquals(claim: string, expected: JsonPrimitive): Middleware {
  requireClaim('claimEquals', claim)
  return check((payload) => valuesOf(payload, claim) && payload[claim] === expected, `Unexpected '${claim}' value`)
}

/** Demands what a function says of the payload. @throws TypeError if it is not a function */
export function claimCheck(test: (payload: Payload) => boolean, message?: string): Middleware {
  if (typeof test !== 'function') throw new TypeError(`claimCheck: the test must be a function of the payload, got ${shownValue(test)}`)
  return check(test, message)
}
