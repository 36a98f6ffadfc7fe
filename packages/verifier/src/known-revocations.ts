import { eventChannel, type Now, type RevocationEntry, type RevocationRecord } from '@countersign/core'
import { createDenylist, type Denylist, graceSeconds, nameOf } from './denylist.js'

/** An entry and how long it still counts; undefined is for ever. */
export interface KnownEntry {
  readonly entry: RevocationEntry
  readonly keepForMs: number | undefined
}

/** What this process knows of a shared denylist, kept until each entry's own end, whatever the store forgets. */
export interface KnownRevocations extends Pick<Denylist, 'check'> {
  apply(record: Omit<RevocationRecord, 'epoch'>): void
  /** What is known here and not among `entries`. */
  missingFrom(entries: readonly RevocationEntry[]): readonly KnownEntry[]
  /** Forgets what has ended. */
  sweep(): void
}

const events = eventChannel('countersign:revocation')
const identity = (entry: RevocationEntry): string => JSON.stringify([entry.type, entry.issuer, nameOf(entry)])

/**
 * How long a shared entry has to be kept, in milliseconds; undefined is for ever.
 *
 * @param maxTokenLifeSeconds - after which no token is left that a subject's entry could end
 * @param now - epoch milliseconds
 */
export function keepForMs(entry: RevocationEntry, maxTokenLifeSeconds: number, now: number): number | undefined {
  if (entry.type === 'jti') return Math.max(1, entry.expiresAt * 1000 - now) + graceSeconds * 1000
  if (entry.type === 'subject') return Math.max(1, entry.notBefore * 1000 - now) + (maxTokenLifeSeconds + graceSeconds) * 1000
  return undefined
}

/** @param now - epoch milliseconds */
export function createKnownRevocations(now: Now): KnownRevocations {
  const denylist = createDenylist(now)
  const known = new Map<string, { readonly entry: RevocationEntry; readonly until: number }>()

  function isNews(id: string, entry: RevocationEntry): boolean {
    const old = known.get(id)?.entry
    return old === undefined || (old.type === 'subject' && entry.type === 'subject' && entry.notBefore > old.notBefore)
  }

  return {
    check: denylist.check,
    apply({ entry, keepForMs: keep, undone = false }) {
      const id = identity(entry)
      if (undone) {
        if (!known.delete(id)) return
        denylist.drop(entry)
      } else {
        const news = isNews(id, entry)
        const until = Math.max(known.get(id)?.until ?? 0, keep === undefined ? Number.POSITIVE_INFINITY : now() + keep)
        if (news || !known.has(id)) known.set(id, { entry, until })
        if (!news) return
        denylist.add(entry)
      }
      events.publish({ outcome: undone ? 'unrevoked' : 'revoked', type: entry.type, issuer: entry.issuer })
    },
    missingFrom(entries) {
      const there = new Set(entries.map(identity))
      const missing = [...known].filter(([id, { until }]) => !there.has(id) && now() < until)
      return missing.map(([, { entry, until }]) => ({ entry, keepForMs: until === Number.POSITIVE_INFINITY ? undefined : until - now() }))
    },
    sweep() {
      for (const [id, { entry, until }] of known) {
        if (now() < until) continue
        known.delete(id)
        denylist.drop(entry)
      }
    },
  }
}
