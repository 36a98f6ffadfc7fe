import { rowKey } from '@countersign/core'
import { bytesOf } from '../driver/driver.js'

/** Half of a SHA-256: nobody finds two texts with one key. */
const nameBytes = 16

/** What entries of lists are found by. */
export function nameKey(text: string): Buffer {
  return rowKey(text).subarray(0, nameBytes)
}

/** The name of a tenant in its rows: as it is where it is plain, so that it can be read. */
export function tenantName(tenant: string): string {
  return /^[\w.-]*$/.test(tenant) ? tenant : `~${bytesOf(tenant).toString('hex')}`
}

/** Longer than any process lives, and far from where numbers lose digits. */
const longestMs = 1_000 * 365 * 24 * 3_600 * 1_000

/** A duration in whole milliseconds. */
export function wholeMs(milliseconds: number): number {
  return Math.min(longestMs, Math.ceil(milliseconds))
}
