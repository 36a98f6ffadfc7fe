import { type RevocationEntry, type RevocationRecord, type RevocationStore, revocationName } from '@countersign/core'
import type { CopiedEntries, CopiedEntry } from './copied-entries.js'

/** An entry that this process is writing. */
export interface OwnWrite {
  /** Takes over what was written, which got `cursor`. It counts at once, unless a reading took over something later about the same. */
  accept(cursor: string, written: CopiedEntry & { readonly reinstated?: boolean }): void
  end(): void
}

/** What this process writes, beside what it reads. */
export interface OwnWrites {
  /** Before this process writes an entry itself. */
  writing(entry: RevocationEntry): OwnWrite
  /**
   * Takes over the result of a reading. What this process wrote later about the same still counts.
   * @throws TypeError for an entry that this release does not understand
   */
  takeOver(record: RevocationRecord): void
  /** A reading has taken over everything up to `cursor`. */
  wasReadTo(cursor: string): void
  /** The store lost its memory: its cursors say nothing about those of before. */
  lose(): void
}

/** One thing that this process writes about. */
interface Written {
  readonly entry: RevocationEntry
  /** Of the latest record about the same that a reading took over meanwhile. */
  readAt: string | undefined
  accepted: (Parameters<CopiedEntries['apply']>[0] & { readonly cursor: string }) | undefined
}

const isSame = (a: RevocationEntry, b: RevocationEntry): boolean =>
  a.type === b.type && a.issuer === b.issuer && revocationName(a) === revocationName(b)

/**
 * What this process is writing, and what it wrote that no reading has come to yet: a long list is read in parts, and a later part may
 * tell of something earlier about the same.
 */
export function createOwnWrites({ compare }: Pick<RevocationStore, 'compare'>, entries: CopiedEntries): OwnWrites {
  const byName = new Map<string, Set<Written>>()
  /** In the order of the answers, which is nearly that of the cursors. */
  const unread = new Set<Written & { readonly accepted: object }>()

  function forget(one: Written): void {
    const name = revocationName(one.entry)
    const same = byName.get(name)
    same?.delete(one)
    if (same?.size === 0) byName.delete(name)
  }

  function forgetUntil(isNext: (cursor: string) => boolean): void {
    for (const one of unread) {
      if (isNext(one.accepted.cursor)) return
      unread.delete(one)
      forget(one)
    }
  }

  /** What was written about the same as a record, and is later; in order. */
  function laterThan({ cursor, entry }: RevocationRecord): readonly NonNullable<Written['accepted']>[] {
    const later: NonNullable<Written['accepted']>[] = []
    for (const one of byName.get(revocationName(entry)) ?? []) {
      if (!isSame(one.entry, entry)) continue
      one.readAt = cursor
      if (one.accepted !== undefined && compare(cursor, one.accepted.cursor) < 0) later.push(one.accepted)
    }
    return later.sort((a, b) => compare(a.cursor, b.cursor))
  }

  return {
    takeOver(record) {
      entries.apply(record)
      if (byName.size > 0) for (const written of laterThan(record)) entries.apply(written)
    },
    wasReadTo: (cursor) => forgetUntil((written) => compare(written, cursor) > 0),
    lose: () => forgetUntil(() => false),
    writing(entry) {
      const one: Written = { entry, readAt: undefined, accepted: undefined }
      const name = revocationName(entry)
      byName.set(name, (byName.get(name) ?? new Set()).add(one))
      return {
        // Where the store stands says nothing: it may have been set back meanwhile, to before what was read of it.
        accept(cursor, written) {
          if (one.readAt !== undefined && compare(cursor, one.readAt) <= 0) return
          unread.add(Object.assign(one, { accepted: { ...written, cursor } }))
          entries.apply(written)
        },
        end() {
          if (one.accepted === undefined) forget(one)
        },
      }
    },
  }
}
