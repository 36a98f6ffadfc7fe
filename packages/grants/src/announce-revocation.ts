import { kind, type Now, type OptionKind, orUnavailable, type RevocationEntry, type RevocationPublisher } from '@countersign/core'

/** What the option `revocations` must be where the end of tokens is announced. */
export const publisherKind: OptionKind = kind.having('what createSharedRevocations returns, or a RevocationStore', 'revoke')

/** Announces what ends by itself at a time. Rejects with `Unavailable` when it cannot. */
export type Announce = (entry: Extract<RevocationEntry, { expiresAt: number }>) => Promise<void>

/**
 * An access token that comes with a refresh token lives a day at most: so long the end of its family is remembered, by every
 * guard, and nobody has to know with which settings the last one was issued.
 */
export const longestWithRefreshSeconds = 86_400
/** No guard believes a token longer past its end. */
const graceMs = 3_600_000

/** @param now - epoch milliseconds */
export function createAnnounce(revocations: RevocationPublisher, now: Now): Announce {
  const revoke = async (entry: RevocationEntry, ttlMs: number): Promise<unknown> => revocations.revoke(entry, { ttlMs })
  return async (entry) => {
    await orUnavailable(revoke(entry, Math.max(entry.expiresAt * 1000 - now(), 1) + graceMs))
  }
}

/** The end of a family of refresh tokens, as its access tokens learn of it. `now` in epoch milliseconds. */
export function endOfFamily(issuer: string, family: string, now: number): Extract<RevocationEntry, { type: 'family' }> {
  return { type: 'family', issuer, family, expiresAt: Math.ceil(now / 1000) + longestWithRefreshSeconds }
}
