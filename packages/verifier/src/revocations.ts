import {
  eventChannel,
  type Now,
  type RevocationEntry,
  type RevocationQuery,
  type RevocationReason,
  type RevocationView,
} from '@countersign/core'

/** Revocations of this process. */
export interface Revocations extends RevocationView {
  check(query: RevocationQuery): RevocationReason | undefined
  /** Idempotent; works from the next request on, also for tokens in caches. */
  revoke(entry: RevocationEntry): void
  /** Takes an entry back. Keys stay revoked for ever: throws TypeError for them. */
  unrevoke(entry: RevocationEntry): void
}

type Names = Map<string, Map<string, number>>

const events = eventChannel('countersign:revocation')

function put(names: Names, issuer: string, name: string, value: number): void {
  const ofIssuer = names.get(issuer) ?? new Map<string, number>()
  names.set(issuer, ofIssuer)
  ofIssuer.set(name, Math.max(value, ofIssuer.get(name) ?? Number.NEGATIVE_INFINITY))
}

function nameOf(entry: RevocationEntry): string {
  switch (entry.type) {
    case 'signing_key':
      return entry.kid
    case 'client_key':
      return entry.thumbprint
    case 'jti':
      return entry.jti
    case 'subject':
      return entry.subject
    case 'client':
      return entry.clientId
  }
}

function timeOf(entry: RevocationEntry): number {
  if (entry.type === 'jti') return entry.expiresAt
  return entry.type === 'subject' ? entry.notBefore : Number.POSITIVE_INFINITY
}

function checkEntry(entry: RevocationEntry): void {
  const texts = [entry.issuer, nameOf(entry)]
  if (texts.some((text) => typeof text !== 'string' || text === ''))
    throw new TypeError(`a ${entry.type} entry needs its issuer and its name`)
  if (Number.isNaN(Number(timeOf(entry)))) throw new TypeError(`a ${entry.type} entry needs its time in epoch seconds`)
}

/** How long past its expiry a token may still be asked about: no tolerance of an issuer entry is longer. */
const graceSeconds = 3600
const sweepEvery = 1000

/**
 * A denylist in this process. Give it to every guard of the process.
 *
 * @param options - `now` gives epoch milliseconds
 */
export function createRevocations(options: { readonly now?: Now } = {}): Revocations {
  const now = options.now ?? Date.now
  const lists: Record<RevocationEntry['type'], Names> = {
    signing_key: new Map(),
    client_key: new Map(),
    jti: new Map(),
    subject: new Map(),
    client: new Map(),
  }
  const state = { sinceSweep: 0 }

  function sweep(): void {
    state.sinceSweep = 0
    const ended = now() / 1000 - graceSeconds
    for (const [issuer, jtis] of lists.jti) {
      for (const [jti, expiresAt] of jtis) if (expiresAt < ended) jtis.delete(jti)
      if (jtis.size === 0) lists.jti.delete(issuer)
    }
  }

  const has = (type: RevocationEntry['type'], issuer: string, name: string | undefined): boolean =>
    name !== undefined && lists[type].size > 0 && lists[type].get(issuer)?.has(name) === true

  function subjectEnded({ issuer, subject, issuedAt }: RevocationQuery): boolean {
    const notBefore = subject === undefined || lists.subject.size === 0 ? undefined : lists.subject.get(issuer)?.get(subject)
    // In whole seconds: a token issued in the second of the revocation may be older than it.
    return notBefore !== undefined && (issuedAt === undefined || Math.floor(issuedAt) <= notBefore)
  }

  return {
    check(query) {
      const { issuer } = query
      if (has('signing_key', issuer, query.kid) || has('signing_key', issuer, query.thumbprint)) return 'revoked_key'
      if (has('client_key', issuer, query.clientKey)) return 'revoked_key'
      if (has('jti', issuer, query.jti)) return 'revoked_token'
      if (subjectEnded(query)) return 'revoked_subject'
      return has('client', issuer, query.clientId) ? 'revoked_client' : undefined
    },
    revoke(entry) {
      checkEntry(entry)
      put(lists[entry.type], entry.issuer, nameOf(entry), timeOf(entry))
      state.sinceSweep += 1
      if (state.sinceSweep >= sweepEvery) sweep()
      events.publish({ outcome: 'revoked', type: entry.type, issuer: entry.issuer })
    },
    unrevoke(entry) {
      checkEntry(entry)
      if (entry.type === 'signing_key' || entry.type === 'client_key') throw new TypeError('a revoked key stays revoked')
      lists[entry.type].get(entry.issuer)?.delete(nameOf(entry))
      events.publish({ outcome: 'unrevoked', type: entry.type, issuer: entry.issuer })
    },
  }
}
