import type { StoreCall } from './call.js'
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

/** Lasting records: clients, keys, accounts. They have no TTL. */
export interface DocumentStore extends WriteCheck {
  get(address: DocumentAddress): Promise<StoredDocument | undefined>
  /**
   * Compare-and-set.
   * @param change - `revision` is that of the document as it was read, 0 to create it
   * @returns false if it was changed since (or exists already); then nothing happened
   */
  put(change: DocumentAddress & StoreCall & { readonly value: string; readonly revision: number }): Promise<boolean>
  /** Removes it if the revision is still the one given. */
  remove(change: DocumentAddress & StoreCall & { readonly revision: number }): Promise<boolean>
  /** Documents in the order of their ids (by UTF-8 bytes), after `after`; at most `limit` (100). */
  list(query: {
    readonly collection: string
    readonly after?: string | undefined
    readonly limit?: number | undefined
  }): Promise<readonly StoredDocument[]>
}
