import type { StoreCall } from './call.js'
import { requireDuration } from './durations.js'
import { type Page, type PageQuery, requirePageLimit } from './page.js'
import type { WriteCheck } from './write-check.js'

/** Something that happened. Only ids: never a token, a secret, a code or a password. */
export interface AuditEntry {
  /** What happened: 1 to 100 bytes, such as the name of an event, `countersign:token`. */
  readonly event: string
  /** The client that did it, or that it was done to. */
  readonly clientId?: string | undefined
  /** Who it is about: the `sub` of a token, or the operator who did it. */
  readonly subject?: string | undefined
  /** Further members. */
  readonly detail?: Readonly<Record<string, string | number | boolean | null>> | undefined
}

/** An entry as it is kept. */
export interface StoredAuditEntry extends AuditEntry {
  /** Of this entry alone, within its store. */
  readonly id: string
  /** Epoch milliseconds of the store's clock at which it was appended. */
  readonly atMs: number
}

/** The result of an append. */
export interface AuditAppended {
  readonly id: string
  /** How many entries that had not ended went to make room for this one. Not 0 only where a store has room for so many and no more. */
  readonly dropped: number
}

/** Which entries are read. Several filters all have to fit. */
export interface AuditPageQuery extends PageQuery {
  /** Begins with the newest entry. @defaultValue false */
  readonly newestFirst?: boolean | undefined
  readonly event?: string | undefined
  readonly clientId?: string | undefined
  readonly subject?: string | undefined
  /** Appended at this instant or later, in epoch milliseconds. */
  readonly fromMs?: number | undefined
  /** Appended before this instant, in epoch milliseconds. */
  readonly untilMs?: number | undefined
}

/** What happened, for people who look into it later. */
export interface AuditStore extends WriteCheck {
  /**
   * Appends an entry; it can neither be changed nor taken back.
   *
   * @param options - `ttlMs`: the entry is on pages for so long, and then goes
   * @throws TypeError for an entry that is wrong or has more than 16 KiB as JSON, or a duration that is not positive
   */
  append(entry: AuditEntry, options: { readonly ttlMs: number } & StoreCall): Promise<AuditAppended>
  /**
   * Entries in the order of their time. An entry is on the pages that are read after its append was answered; of those that are appended at the
   * same time, one can become visible before another that stands before it. So who follows the end reads the last minute again.
   * Rejects with TypeError for a query that is wrong.
   */
  page(query?: AuditPageQuery): Promise<Page<StoredAuditEntry>>
}

const longestEventBytes = 100
const longestEntryBytes = 16 * 1_024

function isDetail(detail: unknown): boolean {
  if (typeof detail !== 'object' || detail === null) return false
  // A Date or a Map would come back as something else.
  const prototype: unknown = Object.getPrototypeOf(detail)
  if (prototype !== Object.prototype && prototype !== null) return false
  return Object.values(detail).every((value) => value === null || ['string', 'boolean'].includes(typeof value) || Number.isFinite(value))
}

function requireEvent(operation: string, event: unknown): void {
  if (typeof event === 'string' && event !== '' && Buffer.byteLength(event) <= longestEventBytes) return
  throw new TypeError(`${operation}: event must be a string of 1 to ${longestEventBytes} bytes`)
}

function requireIds(operation: string, ids: { readonly clientId?: unknown; readonly subject?: unknown }): void {
  for (const name of ['clientId', 'subject'] as const)
    if (ids[name] !== undefined && typeof ids[name] !== 'string') throw new TypeError(`${operation}: ${name} must be a string`)
}

/**
 * Checks an entry, for an adapter.
 *
 * @returns its JSON, with the members of an {@link AuditEntry} only
 * @throws TypeError if it is wrong
 */
export function completeAuditEntry({ event, clientId, subject, detail }: AuditEntry, ttlMs: number): string {
  requireDuration('ttlMs', ttlMs)
  requireEvent('audit.append', event)
  requireIds('audit.append', { clientId, subject })
  if (detail !== undefined && !isDetail(detail))
    throw new TypeError('audit.append: detail must be an object of strings, finite numbers, booleans and null')
  const json = JSON.stringify({ event, clientId, subject, detail })
  if (Buffer.byteLength(json) > longestEntryBytes)
    throw new TypeError(`audit.append: the entry must have at most ${longestEntryBytes} bytes as JSON, got ${Buffer.byteLength(json)}`)
  return json
}

/** A query with its defaults. */
export type CompleteAuditQuery = AuditPageQuery & {
  readonly limit: number
  readonly newestFirst: boolean
  readonly fromMs: number
  readonly untilMs: number
}

/**
 * Checks a query, for an adapter.
 *
 * @returns the query with its defaults
 * @throws TypeError if a member is wrong
 */
export function completeAuditQuery(query: AuditPageQuery = {}): CompleteAuditQuery {
  const { newestFirst = false, fromMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY } = query
  const limit = requirePageLimit('audit.page', query.limit)
  if (query.event !== undefined) requireEvent('audit.page', query.event)
  requireIds('audit.page', query)
  for (const [name, value] of Object.entries({ fromMs, untilMs }))
    if (typeof value !== 'number' || Number.isNaN(value)) throw new TypeError(`audit.page: ${name} must be a number of epoch milliseconds`)
  return { ...query, limit, newestFirst, fromMs, untilMs }
}

/** Whether an entry fits a query; for an adapter that has no index for it. */
export function fitsAuditQuery(entry: StoredAuditEntry, { event, clientId, subject, fromMs, untilMs }: CompleteAuditQuery): boolean {
  const isEqual = (wanted: string | undefined, value: string | undefined): boolean => wanted === undefined || wanted === value
  if (!(isEqual(event, entry.event) && isEqual(clientId, entry.clientId) && isEqual(subject, entry.subject))) return false
  return entry.atMs >= fromMs && entry.atMs < untilMs
}
