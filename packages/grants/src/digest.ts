import { createHash } from 'node:crypto'
import { lengthPrefixed } from '@countersign/core'

/** SHA-256 of parts with their lengths: no two lists of parts have the same digest. */
export function digestOf(...parts: readonly string[]): Buffer {
  return createHash('sha256')
    .update(lengthPrefixed(...parts))
    .digest()
}
