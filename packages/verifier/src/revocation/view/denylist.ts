import {
  type Now,
  type RevocationEntry,
  type RevocationQuery,
  type RevocationReason,
  requireEpochSeconds,
  revocationName,
  shownValue,
} from '@countersign/core'
import { createEntryNames, type EntryNames } from './entry-names.js'

type EntryType = RevocationEntry['type']

/** Entries in memory, in the form in which requests are checked against them. */
export interface Denylist {
  check(query: RevocationQuery): RevocationReason | undefined
  add(entry: RevocationEntry): void
  /** Forgets an entry of any type. */
  drop(entry: RevocationEntry): void
}

/** Ends with the tokens that it is about, at a time that it tells. */
export function isOfTokens(entry: RevocationEntry): entry is Extract<RevocationEntry, { expiresAt: number }> {
  return entry.type === 'jti' || entry.type === 'family'
}

/** The time of an entry in cursor seconds; Infinity for one without. Of two for the same, the later one covers the other. */
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

/** The name of a token that is looked up, as the value of an entry; undefined if the token does not have it. */
type ValueOf = Pick<EntryNames, 'get' | 'hasAny'>

/** @param timeOfValue - the time that the value of a subject's entry stands for */
export function createCheck(entries: ValueOf, timeOfValue: (value: number) => number): Denylist['check'] {
  const has = (type: EntryType, issuer: string, name: string | undefined): boolean =>
    name !== undefined && entries.hasAny(type) && entries.get(type, issuer, name) !== undefined

  function subjectEnded({ issuer, subject, issuedAt }: RevocationQuery): boolean {
    const value = subject === undefined || !entries.hasAny('subject') ? undefined : entries.get('subject', issuer, subject)
    // In whole seconds: a token issued in the second of the revocation may be older than it.
    return value !== undefined && (issuedAt === undefined || Math.floor(issuedAt) <= timeOfValue(value))
  }

  function reasonOf(query: RevocationQuery): RevocationReason | undefined {
    const { issuer } = query
    if (has('signing_key', issuer, query.kid) || has('signing_key', issuer, query.thumbprint)) return 'revoked_key'
    if (query.clientKeys.some((name) => has('client_key', issuer, name))) return 'revoked_key'
    if (has('jti', issuer, query.jti) || has('family', issuer, query.family)) return 'revoked_token'
    if (subjectEnded(query)) return 'revoked_subject'
    return has('client', issuer, query.clientId) ? 'revoked_client' : undefined
  }

  function reasonOfOrigins(origins: readonly RevocationQuery[]): RevocationReason | undefined {
    for (const origin of origins) {
      const reason = reasonOf(origin)
      if (reason) return reason
    }
    return undefined
  }

  return (query) => reasonOf(query) ?? (query.origins && reasonOfOrigins(query.origins))
}

/** With every so many entries that are added, a part of the list is swept: so it is swept once before it has grown by a half. */
const sweepEvery = 1_000
const sweptAtOnce = 20_000

/** @param now - cursor milliseconds, by which entries of single tokens are forgotten */
export function createDenylist(now: Now): Denylist {
  const entries = createEntryNames()
  const state = { sinceSweep: 0, walk: entries.walk(['jti', 'family']) }

  function sweep(ended: number): void {
    state.sinceSweep = 0
    for (let n = 0; n < sweptAtOnce; n += 1) {
      const { value: one, done } = state.walk.next()
      if (done === true) {
        state.walk = entries.walk(['jti', 'family'])
        return
      }
      if (one.value < ended) entries.delete(one.type, one.issuer, one.name)
    }
  }

  return {
    check: createCheck(entries, (time) => time),
    add(entry) {
      const { type, issuer } = entry
      const name = revocationName(entry)
      entries.set({ type, issuer, name, value: Math.max(timeOf(entry), entries.get(type, issuer, name) ?? Number.NEGATIVE_INFINITY) })
      state.sinceSweep += 1
      if (state.sinceSweep >= sweepEvery) sweep(now() / 1000 - graceSeconds)
    },
    drop: (entry) => entries.delete(entry.type, entry.issuer, revocationName(entry)),
  }
}
