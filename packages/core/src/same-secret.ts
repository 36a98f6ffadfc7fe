import { timingSafeEqual } from 'node:crypto'

/** Whether two secrets, MACs or digests are the same, in a time that tells no more than whether they are of the same length. */
export function isSameSecret(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right)
}
