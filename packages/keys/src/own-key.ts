import type { Algorithm } from '@countersign/core'

/** What a key of our own may do at a moment (see the state table in the package's README). */
export type OwnKeyState = 'staged' | 'active' | 'retiring' | 'retired' | 'revoked'

/** A key that we sign with, as it is kept. Times are epoch seconds; the state follows from them. */
export interface OwnKey {
  /** RFC 7638 thumbprint. */
  readonly kid: string
  readonly algorithm: Algorithm
  /** Keys of two purposes never replace each other. */
  readonly purpose: string
  readonly publicJwk: Readonly<Record<string, unknown>>
  /** The private key, encrypted; absent where a KMS signs, and once the key is retired. */
  readonly sealed?: string
  readonly stagedAt: number
  readonly activeAt?: number
  readonly retireAt?: number
  readonly revokedAt?: number
  readonly revokedFor?: string
}

/** The lives that decide when a step is safe. All in seconds. */
export interface KeyTimes {
  /** Longest life of a token that is signed. */
  readonly maxTokenLifeSeconds: number
  /** Largest tolerance of a verifier. */
  readonly toleranceSeconds: number
  /** `max-age` of the JWKS. */
  readonly jwksMaxAgeSeconds: number
  /** How long the slowest verifier keeps keys beyond what it is told. */
  readonly verifierCacheSeconds: number
}

/** Until when a retiring key verifies. */
export function verifiesUntil(key: OwnKey, times: KeyTimes): number {
  return (key.retireAt ?? Number.POSITIVE_INFINITY) + times.maxTokenLifeSeconds + times.toleranceSeconds
}

/** When every verifier that follows the JWKS knows a staged key. */
export function safeToActivateAt(key: OwnKey, times: KeyTimes): number {
  return key.stagedAt + times.jwksMaxAgeSeconds + times.verifierCacheSeconds + times.toleranceSeconds
}

/** The state at `now`, epoch seconds. Computed at every reading, so that it cannot go stale. */
export function ownKeyState(key: OwnKey, times: KeyTimes, now: number): OwnKeyState {
  if (key.revokedAt !== undefined) return 'revoked'
  if (key.retireAt !== undefined && now >= key.retireAt) return now < verifiesUntil(key, times) ? 'retiring' : 'retired'
  return key.activeAt !== undefined && now >= key.activeAt ? 'active' : 'staged'
}

/** The next instant after `now` at which the state of a key changes by itself; undefined if there is none. */
export function nextTransition(key: OwnKey, times: KeyTimes, now: number): number | undefined {
  if (key.revokedAt !== undefined) return undefined
  const instants = [key.activeAt, key.retireAt, key.retireAt === undefined ? undefined : verifiesUntil(key, times)]
  return instants.filter((instant): instant is number => instant !== undefined && instant > now).sort((a, b) => a - b)[0]
}
