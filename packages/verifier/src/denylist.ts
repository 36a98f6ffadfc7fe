import { type Now, type RevocationEntry, type RevocationQuery, type RevocationReason, requireEpochSeconds } from '@countersign/core'

/** Entries in memory, in the form in which requests are checked against them. */
export interface Denylist {
  check(query: RevocationQuery): RevocationReason | undefined
  add(entry: RevocationEntry): void
  /** Forgets an entry of any type. */
  drop(entry: RevocationEntry): void
}

type Names = Map<string, Map<string, number>>

/** What an entry is about, within its type and issuer. */
export function nameOf(entry: RevocationEntry): string {
  switch (entry.type) {
    case 'signing_key':
      return entry.kid
    case 'client_key':
      return entry.thumbprint
    case 'jti':
      return entry.jti
    case 'family':
      return entry.family
    case 'subject':
      return entry.subject
    case 'client':
      return entry.clientId
  }
}

/** Ends with the tokens that it is about, at a time that it tells. */
export function isOfTokens(entry: RevocationEntry): entry is Extract<RevocationEntry, { expiresAt: number }> {
  return entry.type === 'jti' || entry.type === 'family'
}

/** The time of an entry in epoch seconds; Infinity for one without. Of two for the same, the later one covers the other. */
export function timeOf(entry: RevocationEntry): number {
  if (isOfTokens(entry)) return entry.expiresAt
  return entry.type === 'subject' ? entry.notBefore : Number.POSITIVE_INFINITY
}

/** A key stays revoked for ever. */
export const isOfKey = ({ type }: RevocationEntry): boolean => type === 'signing_key' || type === 'client_key'

const types: readonly string[] = ['signing_key', 'client_key', 'jti', 'family', 'subject', 'client']

/**
 * Checks an entry of the host's.
 *
 * @param undone - whether it is to be taken back
 * @throws TypeError if something is missing, or a key is to be taken back
 */
export function checkEntry(entry: RevocationEntry, undone = false): void {
  if (!types.includes(entry?.type)) throw new TypeError(`the type of a revocation is one of ${types.join(', ')}`)
  const texts = [entry.issuer, nameOf(entry)]
  if (texts.some((text) => typeof text !== 'string' || text === ''))
    throw new TypeError(`a ${entry.type} entry needs its issuer and its name`)
  // In milliseconds, a subject would be ended for ever.
  if (isOfTokens(entry)) requireEpochSeconds(`revoke: expiresAt of a ${entry.type} entry`, entry.expiresAt)
  if (entry.type === 'subject') requireEpochSeconds('revoke: notBefore of a subject entry', entry.notBefore)
  if (undone && isOfKey(entry)) throw new TypeError('a revoked key stays revoked')
}

/** How long past its expiry a token may still be asked about: no tolerance of an issuer entry is longer. */
export const graceSeconds = 3600
const sweepEvery = 1000

/** @param now - epoch milliseconds, by which entries of single tokens are forgotten; without it, whoever adds them drops them */
export function createDenylist(now?: Now): Denylist {
  const lists: Record<RevocationEntry['type'], Names> = {
    signing_key: new Map(),
    client_key: new Map(),
    jti: new Map(),
    family: new Map(),
    subject: new Map(),
    client: new Map(),
  }
  const state = { sinceSweep: 0 }

  function sweepList(list: Map<string, Map<string, number>>, ended: number): void {
    for (const [issuer, names] of list) {
      for (const [name, expiresAt] of names) if (expiresAt < ended) names.delete(name)
      if (names.size === 0) list.delete(issuer)
    }
  }

  function sweep(ended: number): void {
    state.sinceSweep = 0
    for (const list of [lists.jti, lists.family]) sweepList(list, ended)
  }

  const has = (type: RevocationEntry['type'], issuer: string, name: string | undefined): boolean =>
    name !== undefined && lists[type].size > 0 && lists[type].get(issuer)?.has(name) === true

  function subjectEnded({ issuer, subject, issuedAt }: RevocationQuery): boolean {
    const notBefore = subject === undefined || lists.subject.size === 0 ? undefined : lists.subject.get(issuer)?.get(subject)
    // In whole seconds: a token issued in the second of the revocation may be older than it.
    return notBefore !== undefined && (issuedAt === undefined || Math.floor(issuedAt) <= notBefore)
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

  return {
    check: (query) => reasonOf(query) ?? (query.origins && reasonOfOrigins(query.origins)),
    add(entry) {
      const names = lists[entry.type]
      const ofIssuer = names.get(entry.issuer) ?? new Map<string, number>()
      names.set(entry.issuer, ofIssuer)
      ofIssuer.set(nameOf(entry), Math.max(timeOf(entry), ofIssuer.get(nameOf(entry)) ?? Number.NEGATIVE_INFINITY))
      state.sinceSweep += 1
      if (now && state.sinceSweep >= sweepEvery) sweep(now() / 1000 - graceSeconds)
    },
    drop(entry) {
      const ofIssuer = lists[entry.type].get(entry.issuer)
      ofIssuer?.delete(nameOf(entry))
      if (ofIssuer?.size === 0) lists[entry.type].delete(entry.issuer)
    },
  }
}
