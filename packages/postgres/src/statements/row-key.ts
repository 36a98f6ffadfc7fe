import { createHash } from 'node:crypto'

/**
 * The key of a row: a hash of the parts, each behind its length, so that no two lists of parts have one key. Ids of any
 * length and bytes fit an index, and who reads the database learns no id that could be presented.
 */
export function rowKey(...parts: readonly string[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) {
    // UTF-16 keeps apart names that are not well-formed Unicode
    hash.update(`${part.length}:`).update(part, 'utf16le')
  }
  return hash.digest()
}

/** Longer than any server lives, and within what an interval holds. */
const longestMs = 1_000 * 365 * 24 * 3_600 * 1_000

/** A duration as a parameter. */
export function boundedMs(milliseconds: number): number {
  return Math.max(-longestMs, Math.min(longestMs, milliseconds))
}
