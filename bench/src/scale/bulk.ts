import type { BulkDocument } from './dataset.js'

/** Writes records as the stores do, many at once. What is written is read back through the stores afterwards. */
export interface Bulk {
  families(ids: Iterable<string>, record: FamilyRecord): Promise<void>
  documents(documents: Iterable<BulkDocument>): Promise<void>
  /** Tokens, from the one that ends the longest ago. The store must have none. */
  revocations(tokens: Iterable<RevokedToken>): Promise<void>
  /** After everything is written. */
  finish(): Promise<void>
  close(): Promise<void>
}

/** What all families of a call have. */
interface FamilyRecord {
  readonly binding: string
  readonly data: string
  /** Negative for families that have ended. */
  readonly ttlMs: number
}

/** An entry of the denylist. */
export interface RevokedToken {
  readonly jti: string
  /** The entry as JSON. */
  readonly json: string
  /** Names and values in the order of the names: what makes entries the same. */
  readonly fact: string
  readonly ttlMs: number
}

/** Told how many more records are written. */
export type Progress = (more: number) => void

/** Parts of a long list. */
export function* chunksOf<T>(items: Iterable<T>, size: number): Generator<readonly T[]> {
  let chunk: T[] = []
  for (const item of items) {
    chunk.push(item)
    if (chunk.length === size) {
      yield chunk
      chunk = []
    }
  }
  if (chunk.length > 0) yield chunk
}
