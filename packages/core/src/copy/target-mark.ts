import { randomBytes } from 'node:crypto'
import type { DocumentAddress } from '../document-store.js'
import { retainedAddress } from '../retaining.js'
import type { CopiedStores, TargetMark } from './copy-cursor.js'
import { MemoryLost } from './memory-lost.js'

/** Which copy was begun in a target: a document of the keys, in a collection that no copy takes over. */
const markAddress: DocumentAddress = { collection: retainedAddress.collection, id: 'copy' }

const markOf = (id: string): string => JSON.stringify({ v: 1, id })

/** Marks a target at the beginning of a copy. The mark of an earlier copy goes. */
export async function markTarget({ keys, revocations }: CopiedStores): Promise<TargetMark> {
  const id = randomBytes(16).toString('base64url')
  const known = await keys.get(markAddress)
  const isMarked = await keys.put({ ...markAddress, value: markOf(id), revision: known?.revision ?? 0 })
  if (!isMarked) throw new Error('copyStores: another copy begins in the same target')
  return { id, revocations: await revocations.cursor() }
}

/**
 * The document tells one target from another one. The cursor of the denylist tells that the target still has what was added up to it.
 *
 * @throws MemoryLost if this is another target than the one that was marked, or it lost what was written
 */
export async function requireMarked({ keys, revocations }: CopiedStores, { id, revocations: cursor }: TargetMark): Promise<void> {
  const [mark, { lost }] = await Promise.all([keys.get(markAddress), revocations.since(cursor, { limit: 1 })])
  if (lost || mark?.value !== markOf(id))
    throw new MemoryLost('the target is another one than that of the cursor, or it lost its memory during the copy')
}
