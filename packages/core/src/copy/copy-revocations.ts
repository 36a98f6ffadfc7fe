import type { RevocationDelta, RevocationStore } from '../revocation-store.js'
import { type CopyCount, noCount } from './copy-cursor.js'

/** From where to where. */
export interface RevocationCopy {
  readonly from: RevocationStore
  readonly to: RevocationStore
  /** The target may have revocations of its own, some of which it may have lost. */
  readonly overwrite: boolean
  readonly begin: { readonly count: CopyCount; readonly revocations: string | undefined }
  readonly report: (progress: { readonly count: CopyCount; readonly revocations: string }) => void
}

const recordsAtOnce = 500

function requireWhole({ lost }: RevocationDelta, cursor: string | undefined): void {
  if (lost && cursor !== undefined) throw new Error('the source lost its memory during the copy: begin again, with an empty target')
}

/**
 * Adds what the source's denylist has to that of the target, in its order. Entries that are added twice do no harm: the last one about something
 * counts. Once all of them are there, the target may say that it knows what the source knew.
 */
export async function copyRevocations({ from, to, overwrite, begin, report }: RevocationCopy): Promise<CopyCount> {
  const count = { ...noCount, ...begin.count }
  for (let cursor = begin.revocations; ; ) {
    const delta = await from.since(cursor, { limit: recordsAtOnce })
    requireWhole(delta, cursor)
    const additions = delta.records.map(({ entry, ttlMs, reinstated }) => ({ entry, ttlMs, ...(reinstated && { reinstated }) }))
    if (additions.length > 0) await to.revokeAll(additions)
    count.read += additions.length
    count.written += additions.length
    cursor = delta.cursor
    if (delta.more !== true) {
      if (!overwrite) await to.retain?.(delta.retainedSince)
      report({ count: { ...count }, revocations: cursor })
      return count
    }
    report({ count: { ...count }, revocations: cursor })
  }
}
