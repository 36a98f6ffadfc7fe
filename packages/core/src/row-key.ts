import { createHash } from 'node:crypto'
import type { RevocationEntry } from './revocation.js'
import { storedRevocation } from './stored-revocation.js'

/**
 * The key of a row, for adapters of SQL databases: a SHA-256 of the parts, each behind its length, so that no two lists of parts have one
 * key. Ids of any length and bytes fit an index, and a reader of the database learns no id that could be presented.
 */
export function rowKey(...parts: readonly string[]): Buffer {
  const hash = createHash('sha256')
  // UTF-16 keeps apart names that are not well-formed Unicode
  for (const part of parts) hash.update(`${part.length}:`).update(part, 'utf16le')
  return hash.digest()
}

/** The key of an entry of the denylist. The same for the same entry, in any order of its members. */
export function revocationKey(entry: RevocationEntry): Buffer {
  return rowKey(JSON.stringify(Object.entries(storedRevocation.toRecord(entry)).sort(([a], [b]) => (a < b ? -1 : 1))))
}

/**
 * Takes apart an epoch `<microseconds at which the memory began>-<number>`, for adapters that number entries.
 *
 * @returns [-1, -1] for any other string: before everything
 */
export function cursorParts(epoch: string): readonly [memory: number, number: number] {
  const [memory, number, ...rest] = epoch.split('-', 3).map((part) => (/^\d+$/.test(part) ? Number(part) : Number.NaN))
  const known = rest.length === 0 && Number.isSafeInteger(memory) && Number.isSafeInteger(number)
  return known ? [memory ?? -1, number ?? -1] : [-1, -1]
}
