import type { AsymmetricAlgorithm, ClientKeyReason, VerificationKey } from '@countersign/core'
import { importJwk, isAlgorithm, isHmac } from '@countersign/jwt'

/** What a client's key may do at a moment. */
export type ClientKeyState = 'active' | Exclude<ClientKeyReason, 'unknown'>

/** A key that a client registered, as it is kept. Times are epoch seconds. */
export interface ClientKey {
  /** The client's own name for it, unique per client. */
  readonly kid: string
  readonly thumbprint: string
  /** Fixed at registration. */
  readonly algorithm: AsymmetricAlgorithm
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

/** A client's key as it is shown. Times are epoch seconds. */
export interface ClientKeyView {
  readonly kid: string
  readonly thumbprint: string
  readonly algorithm: AsymmetricAlgorithm
  readonly state: ClientKeyState
  readonly notBefore: number | undefined
  readonly expiresAt: number | undefined
}

/** Whether a record of the store is a key as this release keeps it. */
export function isClientKey(record: unknown): record is ClientKey {
  const { kid, thumbprint, algorithm, publicJwk } = (record ?? {}) as Partial<Record<keyof ClientKey, unknown>>
  const isNamed = typeof kid === 'string' && typeof thumbprint === 'string' && isAlgorithm(algorithm) && !isHmac(algorithm)
  return isNamed && typeof publicJwk === 'object' && publicJwk !== null
}

/** The state at `now`, epoch seconds. */
export function clientKeyState(key: ClientKey, now: number): ClientKeyState {
  if (key.revokedAt !== undefined) return 'revoked'
  if (key.retiredAt !== undefined) return 'retired'
  if (key.expiresAt !== undefined && now >= key.expiresAt) return 'expired'
  if (key.confirmedAt === null) return 'pending'
  return key.notBefore !== undefined && now < key.notBefore ? 'not_yet_valid' : 'active'
}

/** The key as a client or an operator sees it. */
export function clientKeyView(key: ClientKey, now: number): ClientKeyView {
  const { kid, thumbprint, algorithm, notBefore, expiresAt } = key
  return { kid, thumbprint, algorithm, state: clientKeyState(key, now), notBefore, expiresAt }
}

/** The key as signatures are verified with it, under the client's name for it. */
export function clientVerificationKey({ publicJwk, kid, algorithm: alg }: ClientKey): VerificationKey {
  const imported = importJwk({ ...publicJwk, alg, kid })
  if (!imported.ok) throw new Error(`a registered key cannot be used any more: ${imported.reason}`)
  return imported.key
}

const maxRemembered = 1000

/** {@link clientVerificationKey} that remembers: the checks of a key take as long as a signature. */
export function createClientKeyImport(): (key: ClientKey) => VerificationKey {
  const remembered = new Map<string, VerificationKey>()
  return (key) => {
    const { publicJwk, kid, algorithm } = key
    // By everything that goes into it, not by a thumbprint that the store claims.
    const content = JSON.stringify([publicJwk, kid, algorithm])
    const known = remembered.get(content)
    if (known) return known
    const imported = clientVerificationKey(key)
    const oldest = remembered.size >= maxRemembered ? remembered.keys().next() : undefined
    if (oldest && !oldest.done) remembered.delete(oldest.value)
    remembered.set(content, imported)
    return imported
  }
}
