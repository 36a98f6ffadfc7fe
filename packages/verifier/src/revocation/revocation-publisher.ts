import {
  asUnavailable,
  type Now,
  type PublishOptions,
  type RevocationAddition,
  type RevocationEntry,
  type RevocationStore,
  requireAdditions,
  revokeAllOf,
} from '@countersign/core'
import type { CopyReader } from './copy/copy-reader.js'
import { checkEntry, ttlMs } from './entries/entry.js'
import type { SubjectStatus } from './subject-status.js'

/** What {@link createRevocationPublisher} needs. */
export interface RevocationPublisherOptions {
  readonly store: RevocationStore
  /** Where the ends of subjects are kept. */
  readonly subjects: SubjectStatus | undefined
  /** The copy of this process, in which an entry counts at once. */
  readonly copy: Pick<CopyReader, 'writing'>
  readonly maxTokenLifetimeSeconds: number
  readonly now: Now
}

interface Addition {
  readonly entry: RevocationEntry
  readonly reinstated: boolean
}

/** Together, if the store can; else one by one. */
async function writeAll(store: RevocationStore, additions: readonly RevocationAddition[]): Promise<readonly string[]> {
  const together = additions.length > 1 ? revokeAllOf(store) : undefined
  if (together) return together(additions)
  const cursors: string[] = []
  for (const { entry, ttlMs, reinstated } of additions)
    cursors.push(await store.revoke(entry, { ttlMs, ...(reinstated && { reinstated }) }))
  return cursors
}

/** Writes to the shared denylist. Each resolves when the store has it. */
export interface SharedPublisher {
  revoke(entry: RevocationEntry, options?: PublishOptions): Promise<void>
  revokeAll(entries: readonly RevocationAddition[]): Promise<void>
  reinstate(entry: RevocationEntry): Promise<void>
}

/** Writes entries to the store, and counts them here at once. */
export function createRevocationPublisher(options: RevocationPublisherOptions): SharedPublisher {
  const { store, subjects, copy, maxTokenLifetimeSeconds, now } = options

  /**
   * Keeps the status of a subject. A request that read it a moment before may still be answered with an access token. If the subject
   * ends now, the entry covers that token too: until the second in which the status was kept.
   */
  async function kept(entry: Extract<RevocationEntry, { type: 'subject' }>): Promise<RevocationEntry> {
    if (subjects === undefined) return entry
    const isOfNow = entry.notBefore >= Math.floor(now() / 1000) - 1
    await subjects.keep(entry)
    return isOfNow ? { ...entry, notBefore: Math.max(entry.notBefore, Math.floor(now() / 1000)) } : entry
  }

  async function write(entries: readonly Addition[]): Promise<void> {
    const additions = entries.map(({ entry, reinstated }) => ({
      entry,
      ttlMs: ttlMs(entry, { maxTokenLifetimeSeconds, now: now(), reinstated }),
      reinstated,
    }))
    const written = entries.map(({ entry }) => copy.writing(entry))
    try {
      const cursors = await writeAll(store, additions)
      for (const [at, addition] of additions.entries()) written[at]?.accept(cursors[at] ?? '', addition)
    } catch (cause) {
      throw asUnavailable(cause, 'revocation_unavailable')
    } finally {
      for (const { end } of written) end()
    }
  }

  async function publish(additions: readonly RevocationAddition[]): Promise<void> {
    requireAdditions(additions)
    for (const { entry, reinstated } of additions) checkEntry(entry, reinstated)
    const entries: Addition[] = []
    // What lasts goes first: no refresh token gives a new access token after the announcement.
    for (const { entry, reinstated = false } of additions) {
      if (entry.type === 'subject' && reinstated) await subjects?.forget(entry)
      entries.push({ entry: entry.type === 'subject' && !reinstated ? await kept(entry) : entry, reinstated })
    }
    await write(entries)
  }

  return {
    revoke: (entry, { reinstated = false } = {}) => publish([{ entry, reinstated }]),
    revokeAll: publish,
    reinstate: (entry) => publish([{ entry, reinstated: true }]),
  }
}
