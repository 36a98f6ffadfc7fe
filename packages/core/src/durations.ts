import type { RotationRequest } from './refresh-family-store.js'

/**
 * Checks a duration.
 *
 * @param milliseconds - a positive, finite number: a duration of 0 would make every claim the first
 * @throws TypeError if it is not
 */
export function requireDuration(name: string, milliseconds: number): number {
  if (!(Number.isFinite(milliseconds) && milliseconds > 0))
    throw new TypeError(`${name} must be a positive number of milliseconds, got ${String(milliseconds)}`)
  return milliseconds
}

/** @throws TypeError for a limit that is not a whole number of 1 or more */
export function requireLimit(limit: number): number {
  if (!(Number.isSafeInteger(limit) && limit >= 1)) throw new TypeError(`limit must be a whole number of 1 or more, got ${limit}`)
  return limit
}

/** @throws TypeError for an age that is not a finite number of milliseconds; it may be negative, because clocks differ */
export function requireIssuedAgo(issuedAgoMs: number): number {
  if (!Number.isFinite(issuedAgoMs)) throw new TypeError(`issuedAgoMs must be a finite number of milliseconds, got ${String(issuedAgoMs)}`)
  return issuedAgoMs
}

/**
 * Checks the numbers of a rotation.
 *
 * @throws TypeError for a generation that is not a whole number of 0 or more, for a retry window that is not a finite number of 0 or more
 * milliseconds, for a `ttlMs` that is not positive
 */
export function requireRotation({ generation, retryWindowMs, ttlMs }: RotationRequest): void {
  if (!(Number.isSafeInteger(generation) && generation >= 0))
    throw new TypeError(`generation must be a whole number, 0 or more, got ${String(generation)}`)
  if (!(Number.isFinite(retryWindowMs) && retryWindowMs >= 0))
    throw new TypeError(`retryWindowMs must be a number of milliseconds, 0 or more, got ${String(retryWindowMs)}`)
  if (ttlMs !== undefined) requireDuration('ttlMs', ttlMs)
}
