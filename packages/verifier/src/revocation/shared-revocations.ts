import {
  asUnavailable,
  checkOptions,
  type DocumentStore,
  kind,
  type Lifecycle,
  mathRandom,
  type Now,
  type OptionKind,
  type OptionShape,
  type PublishOptions,
  type Readiness,
  type RevocationAddition,
  type RevocationEntry,
  type RevocationPublisher,
  type RevocationQuery,
  type RevocationReason,
  type RevocationStore,
  type RevocationView,
  requireAdditions,
  revokeAllOf,
  tieRevokeAll,
  Unavailable,
  wallClock,
} from '@countersign/core'
import { createRevocationSync } from './revocation-sync.js'
import { createSubjectStatus } from './subject-status.js'
import { checkEntry } from './view/denylist.js'
import { ttlMs } from './view/known-revocations.js'

/** What happens to a token when the view is older than it may be and the store is out of reach: 503, or a pass with an alarm event. */
export type OnStale = 'refuse' | 'allow' | { readonly allowTokenLifetimeUnderSeconds: number }

/** Options of {@link createSharedRevocations}. */
export interface SharedRevocationsOptions {
  readonly store: RevocationStore
  /**
   * Where the end of a subject is kept for as long as its refresh tokens may live, for instance `stores.accounts`.
   * @defaultValue nowhere: what a subject began before it was revoked ends only while the denylist has the entry
   */
  readonly subjects?: DocumentStore
  /** How old the view may grow before `onStale` decides. 5 to 60 are sensible. */
  readonly maxStalenessSeconds: number
  /** The choice between availability and safety in an outage of the store. */
  readonly onStale: OnStale
  /**
   * Other choices for single issuers: by the name of their entry in a guard, or by their `iss`, which counts wherever their tokens are
   * judged, before they are issued too.
   */
  readonly issuers?: Readonly<Record<string, OnStale>>
  /** `strong` asks the store on every request, and refuses with 503 while it is out of reach. @defaultValue `'eventual'` */
  readonly consistency?: 'eventual' | 'strong'
  /**
   * What happens to tokens issued before the store's memory begins, which may have been revoked then. `allow` is for a store that is new
   * beside tokens that are not. @defaultValue `'refuse'`
   */
  readonly onUnknownPast?: 'refuse' | 'allow'
  /** How often the store is asked. @defaultValue 1 */
  readonly pollSeconds?: number
  /** Longest life of a token; how long a subject's revocation is kept. @defaultValue 2592000 (30 days) */
  readonly maxTokenLifetimeSeconds?: number
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
  /** A number from 0 to 1 that spreads the reads of a fleet. @defaultValue `Math.random` */
  readonly random?: () => number
}

/**
 * A denylist that every process shares. One for a process is handed to all that ends something or has to know what has ended:
 * guards, clients, keys, endpoints. Reading needs read access only.
 */
export interface SharedRevocations extends RevocationView, RevocationPublisher, Lifecycle {
  check(query: RevocationQuery): RevocationReason | undefined | Promise<RevocationReason | undefined>
  /**
   * Announces an entry to all processes; resolves when the store has it, and counts in this process from then on. Idempotent.
   * @param options - `reinstated` as `reinstate`; how long an entry is kept follows from the entry
   */
  revoke(entry: RevocationEntry, options?: PublishOptions): Promise<void>
  /** The same for up to 1,000 entries in one call of the store: all of them count, or none. */
  revokeAll(entries: readonly RevocationAddition[]): Promise<void>
  /** Takes an entry back. Rejects with TypeError for keys: they stay revoked for ever. */
  reinstate(entry: RevocationEntry): Promise<void>
  subjectNotBefore(whose: { readonly issuer: string; readonly subject: string }): Promise<number | undefined>
}

/** So long after a failed reading requests do not wait for another: one follows by itself within a second, unless the process stood still. */
const failedLatelyMs = 5_000

const stale: OptionKind = kind.either(
  kind.oneOf('refuse', 'allow'),
  kind.members<Exclude<OnStale, string>>({ allowTokenLifetimeUnderSeconds: kind.required(kind.positiveSeconds) }),
)

/** What each of the options of `createSharedRevocations` must be, for a factory that hands them on. */
export const sharedRevocationsShape: OptionShape<SharedRevocationsOptions> = {
  store: kind.required(
    kind.having('a RevocationStore, for instance stores.revocations', 'revoke', 'since', 'cursor', 'compare', 'subscribe'),
  ),
  subjects: kind.having('a DocumentStore, for instance stores.accounts', 'get', 'put', 'remove', 'list'),
  maxStalenessSeconds: kind.required(kind.positiveSeconds),
  onStale: kind.required(stale),
  issuers: kind.recordOf(stale),
  consistency: kind.oneOf('eventual', 'strong'),
  onUnknownPast: kind.oneOf('refuse', 'allow'),
  pollSeconds: kind.number({ unit: 'seconds', isAbove: true, most: 3600 }),
  maxTokenLifetimeSeconds: kind.positiveSeconds,
  now: kind.func,
  random: kind.func,
}

/** Together, if the store can; else one by one. */
async function writeAll(store: RevocationStore, additions: readonly RevocationAddition[]): Promise<readonly string[]> {
  const together = additions.length > 1 ? revokeAllOf(store) : undefined
  if (together) return together(additions)
  const epochs: string[] = []
  for (const { entry, ttlMs, reinstated } of additions) epochs.push(await store.revoke(entry, { ttlMs, ...(reinstated && { reinstated }) }))
  return epochs
}

/**
 * A view of a shared denylist: pushed where the store can, polled always, complete again after a loss.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function createSharedRevocations(options: SharedRevocationsOptions): SharedRevocations {
  checkOptions('createSharedRevocations', options, sharedRevocationsShape)
  const { store, maxStalenessSeconds, pollSeconds = 1, maxTokenLifetimeSeconds = 30 * 86_400, random = mathRandom } = options
  if (pollSeconds >= maxStalenessSeconds)
    throw new TypeError(
      `createSharedRevocations: pollSeconds must be less than maxStalenessSeconds (${maxStalenessSeconds}), got ${pollSeconds}`,
    )
  const now = options.now ?? wallClock
  const strong = options.consistency === 'strong'
  const choices = new Map(Object.entries(options.issuers ?? {}))
  const sync = createRevocationSync({ store, pollSeconds, now, random })
  const { known } = sync
  const subjects = options.subjects && createSubjectStatus(options.subjects)

  function unavailable(): Unavailable {
    return new Unavailable('revocation_unavailable', { retryAfterSeconds: pollSeconds, cause: sync.cause() })
  }

  function judge(query: RevocationQuery): RevocationReason | undefined {
    const reason = known.check(query)
    if (reason || options.onUnknownPast === 'allow') return reason
    const { first, last } = sync.memory()
    // Who was there before the store lost its memory still knows; only `strong` believes the store alone.
    const since = Math.floor(strong ? last : first)
    return query.issuedAt !== undefined && query.issuedAt >= since ? undefined : 'unprovable'
  }

  /** What may be said without the store. What is known to be revoked is refused in any case. */
  function judgeStale(query: RevocationQuery): RevocationReason | undefined {
    sync.markStale()
    const reason = known.check(query)
    if (reason) return reason
    const choice = choices.get(query.via ?? '') ?? choices.get(query.issuer) ?? options.onStale
    if (strong || choice === 'refuse') throw unavailable()
    if (choice === 'allow') return undefined
    const { issuedAt, expiresAt } = query
    if (issuedAt !== undefined && expiresAt !== undefined && expiresAt - issuedAt < choice.allowTokenLifetimeUnderSeconds) return undefined
    throw unavailable()
  }

  const isFresh = (): boolean => sync.ageMs() <= maxStalenessSeconds * 1000

  /** Age is judged on the request: a process that stood still had no timers, and what it was reading may be as old. */
  async function readUp(query: RevocationQuery): Promise<RevocationReason | undefined> {
    const read = strong ? sync.readAnew() : sync.read().then((done) => done && (isFresh() || sync.readAnew()))
    return (await sync.inTime(read)) ? judge(query) : judgeStale(query)
  }

  /**
   * Keeps the status of a subject. A request that read it a moment before may still be answered with an access token. If the subject
   * ends now, the entry covers that token too: until the second in which the status was kept.
   */
  async function kept(entry: Extract<RevocationEntry, { type: 'subject' }>): Promise<RevocationEntry> {
    if (subjects === undefined) return entry
    const isOfNow = entry.notBefore >= Math.floor(now() / 1000) - 1
    await subjects.keep(entry)
    return isOfNow ? { ...entry, notBefore: Math.max(entry.notBefore, Math.floor(now() / 1000)) } : entry
  }

  async function announce(additions: readonly RevocationAddition[]): Promise<void> {
    requireAdditions(additions)
    for (const { entry, reinstated } of additions) checkEntry(entry, reinstated)
    const entries: { readonly entry: RevocationEntry; readonly reinstated: boolean }[] = []
    // What lasts goes first: no refresh token gives a new access token after the announcement.
    for (const { entry, reinstated = false } of additions) {
      if (entry.type === 'subject' && reinstated) await subjects?.forget(entry)
      entries.push({ entry: entry.type === 'subject' && !reinstated ? await kept(entry) : entry, reinstated })
    }
    await publish(entries)
  }

  async function publish(entries: readonly { readonly entry: RevocationEntry; readonly reinstated: boolean }[]): Promise<void> {
    const additions = entries.map(({ entry, reinstated }) => ({
      entry,
      ttlMs: ttlMs(entry, { maxTokenLifetimeSeconds, now: now(), reinstated }),
      reinstated,
    }))
    const written = entries.map(({ entry }) => sync.writing(entry))
    try {
      const epochs = await writeAll(store, additions)
      for (const [at, addition] of additions.entries()) written[at]?.accept(epochs[at] ?? '', addition)
    } catch (cause) {
      throw asUnavailable(cause, 'revocation_unavailable')
    } finally {
      for (const { end } of written) end()
    }
  }

  async function ready(): Promise<Readiness> {
    // The result of the last reading may be old: only asking the store shows that it is gone.
    await sync.inTime(sync.readAnew())
    const cause = sync.cause() ?? (isFresh() ? undefined : new Error('the view of revocations is older than maxStalenessSeconds'))
    return { ok: cause === undefined, parts: { revocations: cause === undefined ? { ok: true } : { ok: false, cause } } }
  }

  const close = async (): Promise<void> => sync.close()
  return tieRevokeAll({
    check(query) {
      if (!strong && isFresh()) return judge(query)
      const reason = known.check(query)
      if (reason) return reason
      return sync.isLong() || sync.failedMsAgo() < failedLatelyMs ? judgeStale(query) : readUp(query)
    },
    revoke: (entry, { reinstated = false } = {}) => announce([{ entry, reinstated }]),
    revokeAll: (entries) => announce(entries),
    reinstate: (entry) => announce([{ entry, reinstated: true }]),
    subjectNotBefore: async (whose) => subjects?.find(whose),
    ready,
    close,
    [Symbol.asyncDispose]: close,
  })
}
