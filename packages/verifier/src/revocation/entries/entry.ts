import { type RevocationEntry, requireEpochSeconds, revocationName, shownValue } from '@countersign/core'

type EntryType = RevocationEntry['type']

/** Ends with the tokens that it is about, at a time that it tells. */
function isOfTokens(entry: RevocationEntry): entry is Extract<RevocationEntry, { expiresAt: number }> {
  return entry.type === 'jti' || entry.type === 'family'
}

/** The time of an entry in epoch seconds; Infinity for one without. Of two for the same, the later one covers the other. */
export function timeOf(entry: RevocationEntry): number {
  if (isOfTokens(entry)) return entry.expiresAt
  return entry.type === 'subject' ? entry.notBefore : Number.POSITIVE_INFINITY
}

/** A key stays revoked for ever. */
export const isOfKey = ({ type }: RevocationEntry): boolean => type === 'signing_key' || type === 'client_key'

const types: ReadonlySet<EntryType> = new Set(['signing_key', 'client_key', 'jti', 'family', 'subject', 'client'])
const isText = (text: unknown): boolean => typeof text === 'string' && text !== ''

/**
 * Checks an entry of the host's.
 *
 * @param reinstated - whether it is to be taken back
 * @throws TypeError if something is missing, or a key is to be taken back
 */
export function checkEntry(entry: RevocationEntry, reinstated = false): void {
  if (!types.has(entry?.type)) throw new TypeError(`revoke: type must be one of ${[...types].join(', ')}, got ${shownValue(entry?.type)}`)
  if (!(isText(entry.issuer) && isText(revocationName(entry))))
    throw new TypeError(
      `revoke: issuer and name of a ${entry.type} entry must be non-empty strings, got ${shownValue(entry.issuer)} and ${shownValue(revocationName(entry))}`,
    )
  // In milliseconds, a subject would be ended for ever.
  if (isOfTokens(entry)) requireEpochSeconds(`revoke: expiresAt of a ${entry.type} entry`, entry.expiresAt)
  if (entry.type === 'subject') requireEpochSeconds('revoke: notBefore of a subject entry', entry.notBefore)
  if (reinstated && isOfKey(entry)) throw new TypeError('reinstate: a revoked key cannot be reinstated')
}

/** How long past its expiry a token may still be asked about: no tolerance of an issuer entry is longer. */
export const graceSeconds = 3600

/**
 * How long a shared entry has to be kept, in milliseconds; undefined is for ever.
 *
 * @param options - `maxTokenLifetimeSeconds`, after which no token is left that a subject's entry could end; `now` in cursor
 * milliseconds; `reinstated` for what takes an entry back, which has to outlive it also where its time is not told exactly
 */
export function ttlMs(
  entry: RevocationEntry,
  {
    maxTokenLifetimeSeconds,
    now,
    reinstated,
  }: { readonly maxTokenLifetimeSeconds: number; readonly now: number; readonly reinstated: boolean },
): number | undefined {
  if (!isOfTokens(entry) && entry.type !== 'subject') return undefined
  const last = isOfTokens(entry) ? entry.expiresAt : entry.notBefore + maxTokenLifetimeSeconds
  const leftMs = Math.max(last * 1000 - now, reinstated ? maxTokenLifetimeSeconds * 1000 : 1)
  return leftMs + graceSeconds * 1000
}
