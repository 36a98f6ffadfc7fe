import type { Algorithm, ClientKeyFault } from '@countersign/core'

/** What a client's key may do at a moment. */
export type ClientKeyState = 'active' | Exclude<ClientKeyFault, 'unknown'>

/** A key that a client registered, as it is kept. Times are epoch seconds. */
export interface ClientKey {
  /** The client's own name for it, unique per client. */
  readonly kid: string
  readonly thumbprint: string
  /** Fixed at registration. */
  readonly algorithm: Algorithm
  readonly publicJwk: Readonly<Record<string, unknown>>
  readonly registeredAt: number
  /** When possession of the private key was shown; null until then, where the host demands it. */
  readonly confirmedAt: number | null
  readonly notBefore?: number
  readonly expiresAt?: number
  readonly retiredAt?: number
  readonly revokedAt?: number
  readonly revokedFor?: string
}

/** The state at `now`, epoch seconds. */
export function clientKeyState(key: ClientKey, now: number): ClientKeyState {
  if (key.revokedAt !== undefined) return 'revoked'
  if (key.retiredAt !== undefined) return 'retired'
  if (key.expiresAt !== undefined && now >= key.expiresAt) return 'expired'
  if (key.confirmedAt === null) return 'pending'
  return key.notBefore !== undefined && now < key.notBefore ? 'not_yet_valid' : 'active'
}
