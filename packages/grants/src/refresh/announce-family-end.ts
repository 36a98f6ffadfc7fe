import { type AttemptStore, type Now, orUnavailable, type RefreshFamilyStore, type RevocationPublisher } from '@countersign/core'
import { createAnnounce, endOfFamily } from '../announce-revocation.js'
import type { TokenReason } from '../refusal.js'

/** A client that goes on with a dead token must not fill the denylist. */
const repeats = { limit: 3, windowMs: 86_400_000 }

/** What {@link createAnnounceFamilyEnd} needs. */
interface AnnounceFamilyEndOptions {
  readonly issuer: string
  readonly revocations: RevocationPublisher | undefined
  readonly attempts: AttemptStore
  readonly families: RefreshFamilyStore
  readonly now: Now
}

/**
 * A refresh token that was used twice ends the access tokens of its family as well: one of the two who have it is a thief
 * (RFC 9700 §4.14.2). Where that could not be announced the answer was 503, and the next one finds the family ended.
 */
export function createAnnounceFamilyEnd(
  options: AnnounceFamilyEndOptions,
): (reason: TokenReason, family: string | undefined) => Promise<void> {
  const { issuer, revocations, attempts, families, now } = options
  const announce = revocations && createAnnounce(revocations, now)

  /** A family whose client or key may not use it just now has not ended: what is announced is not taken back. */
  const hasEnded = async (family: string): Promise<boolean> => (await orUnavailable(families.find(family)))?.revoked !== undefined

  /** No more often than the denylist can bear; what could not be announced does not count. */
  async function announceAgain(family: string): Promise<void> {
    const key = `family-end:${family}`
    if (announce === undefined || !(await orUnavailable(attempts.reserve({ key, ...repeats }))).ok) return
    try {
      await announce(endOfFamily(issuer, family, now()))
    } catch (error) {
      await orUnavailable(attempts.clear(key))
      throw error
    }
  }

  return async (reason, family) => {
    if (announce === undefined || family === undefined) return
    if (reason === 'refresh_reused') return announce(endOfFamily(issuer, family, now()))
    if (reason === 'refresh_revoked' && (await hasEnded(family))) return announceAgain(family)
  }
}
