import { type Readiness, type RevocationEntry, type RevocationQuery, type RevocationReason, Unavailable } from '@countersign/core'
import type { CopyReader } from './copy/copy-reader.js'
import type { EntryNames } from './entries/entry-names.js'
import type { SharedRevocationsOptions } from './shared-revocations-options.js'

/** Entries that a query is compared with. */
export interface ComparedEntries extends Pick<EntryNames, 'get' | 'hasAny'> {
  /** The time of the entry that `get` answered, epoch seconds. */
  timeOf(value: number): number
}

/** Compares the names in a query with entries: those of the token first, then those of the tokens that it was exchanged for. */
export function createComparison({ get, hasAny, timeOf }: ComparedEntries): (query: RevocationQuery) => RevocationReason | undefined {
  const has = (type: RevocationEntry['type'], issuer: string, name: string | undefined): boolean =>
    name !== undefined && hasAny(type) && get(type, issuer, name) !== undefined

  function subjectEnded({ issuer, subject, issuedAt }: RevocationQuery): boolean {
    const value = subject === undefined || !hasAny('subject') ? undefined : get('subject', issuer, subject)
    // In whole seconds: a token issued in the second of the revocation may be older than it.
    return value !== undefined && (issuedAt === undefined || Math.floor(issuedAt) <= timeOf(value))
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

/** What {@link createRevocationView} answers by. */
export interface RevocationViewOptions
  extends Pick<SharedRevocationsOptions, 'consistency' | 'issuers' | 'maxStalenessSeconds' | 'onStale' | 'onUnknownPast'> {
  /** The copy of the store's denylist. */
  readonly copy: Omit<CopyReader, 'writing'>
  /** When another reading follows; for who is refused with 503. */
  readonly pollSeconds: number
}

/** What this process may say of revocations. */
export interface SharedView {
  check(query: RevocationQuery): RevocationReason | undefined | Promise<RevocationReason | undefined>
  ready(): Promise<Readiness>
}

/** So long after a failed reading requests do not wait for another: one follows by itself within a second, unless the process stood still. */
const failedLatelyMs = 5_000

/** Answers from the copy while it is young enough. Otherwise the store is read first; while it is out of reach, `onStale` decides. */
export function createRevocationView(options: RevocationViewOptions): SharedView {
  const { copy, pollSeconds, maxStalenessSeconds } = options
  const strong = options.consistency === 'strong'
  const choices = new Map(Object.entries(options.issuers ?? {}))
  const compare = createComparison(copy.entries)

  const isFresh = (): boolean => copy.ageMs() <= maxStalenessSeconds * 1000

  function unavailable(): Unavailable {
    return new Unavailable('revocation_unavailable', { retryAfterSeconds: pollSeconds, cause: copy.cause() })
  }

  function answer(query: RevocationQuery): RevocationReason | undefined {
    const reason = compare(query)
    if (reason || options.onUnknownPast === 'allow') return reason
    const { first, last } = copy.memory()
    // Who was there before the store lost its memory still knows; only `strong` believes the store alone.
    const since = Math.floor(strong ? last : first)
    const { issuedAt, recordReadAt = issuedAt } = query
    return recordReadAt !== undefined && recordReadAt >= since ? undefined : 'unprovable'
  }

  /** What may be said without the store. What is known to be revoked is refused in any case. */
  function answerStale(query: RevocationQuery): RevocationReason | undefined {
    if (!copy.isClosed()) copy.markStale()
    const reason = compare(query)
    if (reason) return reason
    // Nobody chose to go on with what is never read again.
    if (copy.isClosed()) throw unavailable()
    const choice = choices.get(query.via ?? '') ?? choices.get(query.issuer) ?? options.onStale
    if (strong || choice === 'refuse') throw unavailable()
    if (choice === 'allow') return undefined
    const { issuedAt, expiresAt } = query
    if (issuedAt !== undefined && expiresAt !== undefined && expiresAt - issuedAt < choice.allowTokenLifetimeUnderSeconds) return undefined
    throw unavailable()
  }

  /** Age is judged on the request: a process that stood still had no timers, and what it was reading may be as old. */
  async function readAndAnswer(query: RevocationQuery): Promise<RevocationReason | undefined> {
    const read = strong ? copy.readAnew() : copy.read().then((done) => done && (isFresh() || copy.readAnew()))
    return (await copy.inTime(read)) ? answer(query) : answerStale(query)
  }

  return {
    check(query) {
      if (!strong && isFresh()) return answer(query)
      const reason = compare(query)
      if (reason) return reason
      return copy.isClosed() || copy.isLong() || copy.failedMsAgo() < failedLatelyMs ? answerStale(query) : readAndAnswer(query)
    },
    async ready() {
      // The result of the last reading may be old: only asking the store shows that it is gone.
      await copy.inTime(copy.readAnew())
      const cause = copy.cause() ?? (isFresh() ? undefined : new Error('the view of revocations is older than maxStalenessSeconds'))
      return { ok: cause === undefined, parts: { revocations: cause === undefined ? { ok: true } : { ok: false, cause } } }
    },
  }
}
