import type { AsymmetricAlgorithm } from '@countersign/core'
import { isAlgorithm, isHmac } from '@countersign/jwt'

/** What a key of our own may do at a moment (see the state table in the package's README). */
export type SigningKeyState = 'staged' | 'active' | 'retiring' | 'retired' | 'revoked'

/** A key that we sign with, as it is kept. Times are epoch seconds and may have a fraction; the state follows from them. */
export interface OwnKey {
  /** RFC 7638 thumbprint. */
  readonly kid: string
  readonly algorithm: AsymmetricAlgorithm
  /** Keys of two purposes never replace each other. */
  readonly purpose: string
  readonly publicJwk: Readonly<Record<string, unknown>>
  /** The private key, encrypted; absent where a KMS signs, and once the key is retired or revoked. */
  readonly sealed?: string
  readonly stagedAt: number
  readonly activeAt?: number
  readonly retireAt?: number
  readonly revokedAt?: number
  readonly revokedFor?: string
}

/** The lives that decide when a step is safe. All in seconds. */
export interface KeyTimes {
  /** Longest life of a token that is signed. @defaultValue 86400 */
  readonly maxTokenLifetimeSeconds: number
  /** Largest tolerance of a verifier; also how far the clocks of our processes may differ. @defaultValue 60 */
  readonly toleranceSeconds: number
  /** `max-age` of the JWKS. @defaultValue 300 */
  readonly jwksMaxAgeSeconds: number
  /** How long the slowest verifier keeps keys beyond what it is told. @defaultValue 600 */
  readonly verifierCacheSeconds: number
  /** How long a process signs and verifies with the ring in memory while the store is down. @defaultValue 900 */
  readonly staleIfErrorSeconds: number
}

/** Whether a record of the store is a key as this release keeps it. */
export function isOwnKey(record: unknown): record is OwnKey {
  const { kid, algorithm, purpose, publicJwk, stagedAt } = (record ?? {}) as Partial<Record<keyof OwnKey, unknown>>
  const isNamed = typeof kid === 'string' && isAlgorithm(algorithm) && !isHmac(algorithm) && typeof purpose === 'string'
  return isNamed && typeof publicJwk === 'object' && publicJwk !== null && Number.isFinite(stagedAt)
}

/** Until when a key that ends still verifies: its last signature may be that of a process that was cut off from the store. */
export function verifiesUntil(key: OwnKey, times: KeyTimes): number {
  if (key.retireAt === undefined) return Number.POSITIVE_INFINITY
  // It was never to sign.
  if (key.activeAt === undefined) return key.retireAt
  return key.retireAt + times.staleIfErrorSeconds + times.maxTokenLifetimeSeconds + times.toleranceSeconds
}

/** When every verifier that follows the JWKS knows a staged key, in whole seconds. */
export function safeToActivateAt(key: OwnKey, times: KeyTimes): number {
  return Math.ceil(key.stagedAt + times.jwksMaxAgeSeconds + times.verifierCacheSeconds + times.toleranceSeconds)
}

/** The state at `now`, epoch seconds. Computed at every reading, so that it cannot go stale. */
export function ownKeyState(key: OwnKey, times: KeyTimes, now: number): SigningKeyState {
  if (key.revokedAt !== undefined) return 'revoked'
  if (key.retireAt !== undefined && now >= key.retireAt) return now < verifiesUntil(key, times) ? 'retiring' : 'retired'
  return key.activeAt !== undefined && now >= key.activeAt ? 'active' : 'staged'
}

/** Whether signatures of a key are believed: it is staged, active or retiring. */
export function verifies(key: OwnKey, times: KeyTimes, now: number): boolean {
  return !['retired', 'revoked'].includes(ownKeyState(key, times, now))
}

/** The next instant after `now` at which the state of one of the keys changes by itself; Infinity if there is none. */
export function nextTransition(keys: readonly OwnKey[], times: KeyTimes, now: number): number {
  const instants = keys
    .filter((key) => key.revokedAt === undefined)
    .flatMap((key) => [key.activeAt, key.retireAt, verifiesUntil(key, times)])
  return Math.min(...instants.filter((instant): instant is number => instant !== undefined && instant > now), Number.POSITIVE_INFINITY)
}
