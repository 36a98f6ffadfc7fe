import type { RevocationDelta, RevocationStore } from '../revocation-store.js'
import { type CopiedStores, type CopyCount, noCount, type TargetMark } from './copy-cursor.js'
import { MemoryLost } from './memory-lost.js'
import { requireMarked } from './target-mark.js'

/** From where to where. */
export interface RevocationCopy {
  readonly from: RevocationStore
  readonly to: CopiedStores
  /** The target may have revocations of its own, some of which it may have lost. */
  readonly overwrite: boolean
  readonly begin: { readonly count: CopyCount; readonly revocations: string | undefined; readonly mark: TargetMark }
  readonly report: (progress: { readonly count: CopyCount; readonly revocations: string; readonly mark: TargetMark }) => void
}

const recordsAtOnce = 500

function requireWhole({ lost }: RevocationDelta, cursor: string | undefined): void {
  if (lost && cursor !== undefined) throw new MemoryLost('the source lost its memory during the copy')
}

/**
 * Adds what the source's denylist has to that of the target, in its order. Entries that are added twice do no harm: the last one about something
 * counts. Once all of them are there, the target may say that it knows what the source knew.
 */
export async function copyRevocations({ from, to, overwrite, begin, report }: RevocationCopy): Promise<void> {
  const count = { ...noCount, ...begin.count }
  let mark = begin.mark
  for (let cursor = begin.revocations; ; ) {
    const delta = await from.since(cursor, { limit: recordsAtOnce })
    requireWhole(delta, cursor)
    const additions = delta.records.map(({ entry, ttlMs, reinstated }) => ({ entry, ttlMs, ...(reinstated && { reinstated }) }))
    const added = additions.length > 0 ? (await to.revocations.revokeAll(additions)).at(-1) : undefined
    // By the cursor from before: a memory that began meanwhile knows the new one, and not what was added earlier.
    await requireMarked(to, mark)
    if (added !== undefined) mark = { ...mark, revocations: added }
    count.read += additions.length
    count.written += additions.length
    cursor = delta.cursor
    if (delta.more !== true && !overwrite) await to.revocations.retain?.(delta.retainedSince, mark.revocations)
    report({ count: { ...count }, revocations: cursor, mark })
    if (delta.more !== true) return
  }
}
