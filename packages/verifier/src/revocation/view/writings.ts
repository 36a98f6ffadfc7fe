import type { RevocationEntry, RevocationRecord, RevocationStore } from '@countersign/core'
import { identity, type KnownEntry, type KnownRevocations } from './known-revocations.js'

/** An entry that this process is writing. */
export interface Writing {
  /** Takes over what was written, which got `epoch`. It counts at once, unless a reading took over something later about the same. */
  accept(epoch: string, written: KnownEntry & { readonly undone?: boolean }): void
  end(): void
}

/** What this process is writing at the moment. */
export interface Writings {
  /** Before this process writes an entry itself. */
  writing(entry: RevocationEntry): Writing
  /** What a reading took over. */
  wasRead(record: RevocationRecord): void
}

/** What this process is writing, and the epoch at which a reading meanwhile took over something about the same. */
export function createWritings(store: Pick<RevocationStore, 'compare'>, known: KnownRevocations): Writings {
  const underWay = new Set<{ readonly id: string; readAt: string | undefined }>()
  return {
    wasRead({ epoch, entry }) {
      for (const one of underWay) if (one.id === identity(entry)) one.readAt = epoch
    },
    writing(entry) {
      const one: { readonly id: string; readAt: string | undefined } = { id: identity(entry), readAt: undefined }
      underWay.add(one)
      return {
        // Where the store stands says nothing: it may have been set back meanwhile, to before what was read of it.
        accept(epoch, written) {
          if (one.readAt === undefined || store.compare(epoch, one.readAt) > 0) known.apply(written)
        },
        end: () => void underWay.delete(one),
      }
    },
  }
}
