import type { StoreCall } from './call.js'
import { type Page, type PageQuery, requirePageLimit, wrongAfter } from './page.js'
import type { WriteCheck } from './write-check.js'

/** A record and the number of its last change. */
export interface StoredDocument {
  readonly id: string
  /** JSON text. */
  readonly value: string
  /** 1 when created, one more with every change. */
  readonly revision: number
}

/** Where a document stands: an id within a collection. */
export interface DocumentAddress {
  /** Documents that are listed together, for instance the clients of one owner. */
  readonly collection: string
  readonly id: string
}

/** Which documents of a collection are meant. Both texts are well-formed Unicode and not empty. */
export type DocumentFilter =
  | { /** Documents that were put with this group. */ readonly group: string }
  | { /** Documents whose id begins so. */ readonly idPrefix: string }

/** A page of a collection, in the order of the ids (by UTF-8 bytes). */
export interface DocumentListQuery {
  readonly collection: string
  /** Begins behind this id. Costs the same at every place; documents that are put or removed meanwhile move no page. */
  readonly after?: string | undefined
  /** Leaves out so many documents instead. @defaultValue 0 */
  readonly offset?: number | undefined
  /** At most so many. @defaultValue 100 */
  readonly limit?: number | undefined
  readonly filter?: DocumentFilter | undefined
}

/** How many documents a collection has. */
export interface DocumentCount {
  readonly total: number
  /** Of each group that has any, in the order of the bytes of their names. Documents without a group are in `total` only. */
  readonly groups: readonly { readonly group: string; readonly count: number }[]
}

/** A document with everything that it was put with. */
export interface ScannedDocument extends StoredDocument {
  readonly collection: string
  readonly group: string | undefined
}

/** Lasting records: clients, keys, accounts. They have no TTL. */
export interface DocumentStore extends WriteCheck {
  get(address: DocumentAddress): Promise<StoredDocument | undefined>
  /** The same for up to {@link documentsAtOnce} documents of any collections, in a few round trips; answers in the order of the addresses. */
  getMany(addresses: readonly DocumentAddress[]): Promise<readonly (StoredDocument | undefined)[]>
  /**
   * Compare-and-set.
   * @param change - `revision` is that of the document as it was read, 0 to create it; `group` (at most 200 bytes) is what lists and counts
   *   of the collection know it by from now on, none if it is left out
   * @returns false if it was changed since (or exists already); then nothing happened
   */
  put(
    change: DocumentAddress & StoreCall & { readonly value: string; readonly revision: number; readonly group?: string | undefined },
  ): Promise<boolean>
  /** Removes it if the revision is still the one given. */
  remove(change: DocumentAddress & StoreCall & { readonly revision: number }): Promise<boolean>
  /**
   * Removes up to {@link documentsAtOnce} documents of any collections in a few round trips, each of its own and as `remove` does. After a
   * rejection some of them may be gone.
   */
  removeMany(changes: readonly (DocumentAddress & { readonly revision: number })[], call?: StoreCall): Promise<readonly boolean[]>
  /** Reads a page through an ordered index. Rejects with TypeError for a query that is wrong. */
  list(query: DocumentListQuery): Promise<readonly StoredDocument[]>
  count(query: { readonly collection: string }): Promise<DocumentCount>
  /**
   * All documents of all collections, to be copied: in the order of the collections, and of the ids within each, both by UTF-8 bytes. What is
   * there from the first page to the last is on exactly one of them; what is put or removed meanwhile may be on one.
   * A scan goes on with `after` at any time, in any process. Rejects with TypeError for a query that is wrong.
   */
  scan(query?: PageQuery): Promise<Page<ScannedDocument>>
}

/** How many documents `getMany` and `removeMany` take at most. */
export const documentsAtOnce = 1_000

const longestGroupBytes = 200

function requireName(option: string, text: unknown): void {
  const isText = typeof text === 'string' && text !== '' && (text as unknown as { isWellFormed(): boolean }).isWellFormed()
  if (!isText) throw new TypeError(`${option} must be well-formed Unicode and not empty`)
}

/**
 * Checks the group of a document, for an adapter.
 *
 * @throws TypeError if it is not 1 to 200 bytes of well-formed Unicode
 */
export function requireGroup(group: string | undefined): void {
  if (group === undefined) return
  requireName('group', group)
  if (Buffer.byteLength(group) > longestGroupBytes)
    throw new TypeError(`group must have at most ${longestGroupBytes} bytes, got ${Buffer.byteLength(group)}`)
}

/**
 * Checks the number of requested documents. For adapters.
 *
 * @throws TypeError if there are more than {@link documentsAtOnce}
 */
export function requireAtOnce(documents: readonly unknown[]): void {
  if (documents.length > documentsAtOnce)
    throw new TypeError(`getMany and removeMany: there must be at most ${documentsAtOnce} documents, got ${documents.length}`)
}

/**
 * Checks a query, for an adapter.
 *
 * @returns the query with its defaults
 * @throws TypeError if a member is wrong, or `after` and `offset` are both given
 */
export function completeListQuery({ after, offset, limit = 100, filter, collection }: DocumentListQuery): {
  readonly collection: string
  readonly after: string | undefined
  readonly offset: number
  readonly limit: number
  readonly group: string | undefined
  readonly idPrefix: string | undefined
} {
  if (!(Number.isSafeInteger(limit) && limit > 0)) throw new TypeError(`list: limit must be a positive whole number, got ${limit}`)
  if (offset !== undefined && !(Number.isSafeInteger(offset) && offset >= 0))
    throw new TypeError(`list: offset must be a whole number, 0 or more, got ${offset}`)
  if (after !== undefined && offset !== undefined) throw new TypeError('list: there must be at most one of after and offset')
  const { group, idPrefix } = (filter ?? {}) as { readonly group?: string; readonly idPrefix?: string }
  if (filter !== undefined && (group === undefined) === (idPrefix === undefined))
    throw new TypeError('list: filter must have exactly one of group and idPrefix')
  if (group !== undefined) requireName('list: filter.group', group)
  if (idPrefix !== undefined) requireName('list: filter.idPrefix', idPrefix)
  return { collection, after, offset: offset ?? 0, limit, group, idPrefix }
}

/** The `after` of a scan that stands at a document, for an adapter. */
export function scanPosition({ collection, id }: DocumentAddress): string {
  return JSON.stringify([collection, id])
}

function readPosition(after: string): unknown {
  try {
    return JSON.parse(after)
  } catch {
    return undefined
  }
}

/**
 * Checks a query of `scan`, for an adapter.
 *
 * @returns the limit with its default, and the document behind which the page begins
 * @throws TypeError if a member is wrong
 */
export function completeScanQuery({ after, limit }: PageQuery = {}): {
  readonly limit: number
  readonly position: DocumentAddress | undefined
} {
  const complete = requirePageLimit('scan', limit)
  if (after === undefined) return { limit: complete, position: undefined }
  const parts = readPosition(after)
  const [collection, id, ...others] = Array.isArray(parts) ? (parts as readonly unknown[]) : []
  if (typeof collection !== 'string' || typeof id !== 'string' || others.length > 0) throw wrongAfter('scan')
  return { limit: complete, position: { collection, id } }
}
