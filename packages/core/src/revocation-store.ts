import type { StoreCall } from './call.js'
import { requireDuration } from './durations.js'
import { type Page, type PageQuery, requirePageLimit } from './page.js'
import type { RevocationEntry } from './revocation.js'
import type { WriteCheck } from './write-check.js'

/** An entry with its place in the order of revocations. */
export interface RevocationRecord {
  /** Compared by {@link RevocationStore.compare} only. */
  readonly cursor: string
  readonly entry: RevocationEntry
  /** Milliseconds for which it still counts, by the store's clock; undefined: for ever. */
  readonly ttlMs: number | undefined
  /** `true` takes the entry back. */
  readonly reinstated?: boolean | undefined
}

/** What a reader has missed, or the first part of it. */
export interface RevocationDelta {
  /** Where the reader stands after it: where the store stands now, or, with `more`, where the next part begins. */
  readonly cursor: string
  /** A store may read them from its answer when they are first looked at, and throw then. */
  readonly records: readonly RevocationRecord[]
  /** True when there may be more after `cursor`: ask again from there. */
  readonly more?: boolean | undefined
  /** True if the store does not know the given cursor: it lost its memory. `records` begin with the first that it has. */
  readonly lost: boolean
  /** Epoch milliseconds of the store's clock at which its memory begins. */
  readonly retainedSince: number
  /** Epoch milliseconds of the store's clock. */
  readonly now: number
}

/** What is added to the denylist. */
export interface RevocationAddition {
  readonly entry: RevocationEntry
  /** Milliseconds for which it counts; undefined: for ever. */
  readonly ttlMs?: number | undefined
  /** `true` takes an earlier entry back. */
  readonly reinstated?: boolean | undefined
}

/** How many entries `revokeAll` takes at most. */
export const revocationsAtOnce = 1_000

/** Which records are read. Several filters all have to fit. */
export interface RevocationPageQuery extends PageQuery {
  /** Begins with the newest record. @defaultValue false */
  readonly newestFirst?: boolean | undefined
  readonly type?: RevocationEntry['type'] | undefined
  readonly issuer?: string | undefined
  /** What the entry names, see {@link revocationName}. */
  readonly name?: string | undefined
}

/** The denylist that all processes share. */
export interface RevocationStore extends WriteCheck {
  /**
   * Adds an entry; idempotent.
   * @param options - `ttlMs` undefined keeps it for ever; `reinstated` takes an earlier entry back
   * @returns the cursor after it
   */
  revoke(
    entry: RevocationEntry,
    options?: { readonly ttlMs?: number | undefined; readonly reinstated?: boolean | undefined } & StoreCall,
  ): Promise<string>
  /**
   * Adds up to {@link revocationsAtOnce} entries, all of them or none, in one round trip.
   * @returns the cursor of each, in the order of the entries
   * @throws TypeError for more of them
   */
  revokeAll(entries: readonly RevocationAddition[], call?: StoreCall): Promise<readonly string[]>
  /**
   * The records that still count, for people and copies, in the order of their epochs. Several can be about the same: the last one counts.
   * Rejects with TypeError for a query that is wrong.
   */
  page(query?: RevocationPageQuery): Promise<Page<RevocationRecord>>
  /**
   * What was added after a cursor, in order; from the first on for undefined. An outage counts for each part of the answer, so that a
   * long list can be read at all.
   * @param options - `limit`: at most so many records, 1 or more; `more` says whether others follow. Without it, all of them
   * @throws TypeError for a limit that is not a positive whole number
   */
  since(cursor: string | undefined, options?: { readonly limit?: number | undefined }): Promise<RevocationDelta>
  /** Where the store stands now. */
  cursor(): Promise<string>
  /**
   * Says that the store has every entry since an instant before its own memory began, because all of them were copied into it: `since` tells that
   * instant as `retainedSince` from now on. It holds until the store loses its memory. See {@link retaining}.
   * @param since - epoch milliseconds; later than what holds already: nothing changes
   * @param cursor - up to where the entries were added; without it, where the store stands now. Rejects with an Error if the store does not know it:
   *   it lost its memory, and with it some of the entries
   */
  retain?(since: number, cursor?: string): Promise<void>
  /** Negative, zero or positive as `a` is before, at or after `b`. */
  compare(a: string, b: string): number
  /**
   * Calls `listener` when something may have been added; may lose calls. What it throws fails no `revoke` and keeps no other listener from
   * being called, see {@link callListener}.
   * @returns ends the subscription
   */
  subscribe(listener: () => void): () => void
}

/**
 * A delta whose records are read from the store's answer when they are first looked at: a reader of a long list asks for the next part
 * before, and chooses when to do that work.
 *
 * @param rest - what else the delta tells
 * @param read - called once
 */
export function deltaOf(rest: Omit<RevocationDelta, 'records'>, read: () => RevocationDelta['records']): RevocationDelta {
  let records: RevocationDelta['records'] | undefined
  return {
    ...rest,
    get records() {
      records ??= read()
      return records
    },
  }
}

/**
 * Reads all parts, one after the other, for a store that gives them.
 *
 * @param part - answers at most `limit` records after a cursor, as {@link RevocationStore.since} does
 * @returns one delta of all; a memory that was lost between two parts begins it anew
 */
export async function wholeDelta(
  part: (cursor: string | undefined, limit: number) => Promise<RevocationDelta>,
  cursor: string | undefined,
  limit: number,
): Promise<RevocationDelta> {
  let parts = [await part(cursor, limit)]
  let lost = parts[0]?.lost === true
  for (let last = parts.at(-1); last?.more === true; last = parts.at(-1)) {
    const next = await part(last.cursor, limit)
    if (next.lost) parts = []
    lost ||= next.lost && cursor !== undefined
    parts.push(next)
  }
  const { more: _, ...last } = parts.at(-1) as RevocationDelta
  return { ...last, lost, records: parts.flatMap(({ records }) => records) }
}

/** What an entry names, beside its issuer: the `kid`, the thumbprint or name of a credential, the `jti`, the family, the subject, or the client. */
export function revocationName(entry: RevocationEntry): string {
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

/**
 * Checks the entries of a call, for an adapter.
 *
 * @throws TypeError if there are more than {@link revocationsAtOnce}, or a duration is not positive
 */
export function requireAdditions(entries: readonly RevocationAddition[]): void {
  if (entries.length > revocationsAtOnce)
    throw new TypeError(`revokeAll: there must be at most ${revocationsAtOnce} entries, got ${entries.length}`)
  for (const { ttlMs } of entries) if (ttlMs !== undefined) requireDuration('ttlMs', ttlMs)
}

/** A query with its defaults. */
export type CompleteRevocationQuery = RevocationPageQuery & { readonly limit: number; readonly newestFirst: boolean }

/**
 * Checks a query of `page`, for an adapter.
 *
 * @returns the query with its defaults
 * @throws TypeError if a member is wrong
 */
export function completeRevocationQuery(query: RevocationPageQuery = {}): CompleteRevocationQuery {
  for (const name of ['type', 'issuer', 'name'] as const)
    if (query[name] !== undefined && typeof query[name] !== 'string') throw new TypeError(`revocations.page: ${name} must be a string`)
  return { ...query, limit: requirePageLimit('revocations.page', query.limit), newestFirst: query.newestFirst === true }
}

/** Whether an entry fits a query; for an adapter that has no index for it. */
export function fitsRevocationQuery(entry: RevocationEntry, { type, issuer, name }: CompleteRevocationQuery): boolean {
  if (type !== undefined && type !== entry.type) return false
  if (issuer !== undefined && issuer !== entry.issuer) return false
  return name === undefined || name === revocationName(entry)
}
