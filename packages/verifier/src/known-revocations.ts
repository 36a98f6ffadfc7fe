import { eventChannel, type Now, type RevocationEntry, type RevocationRecord } from '@countersign/core'
import { checkEntry, createDenylist, type Denylist, graceSeconds, isOfKey, isOfTokens, nameOf, timeOf } from './denylist.js'

/** An entry and how long it still counts; undefined is for ever. */
export interface KnownEntry {
  readonly entry: RevocationEntry
  readonly keepForMs: number | undefined
}

/** What this process knows of a shared denylist, kept until each entry's own end, whatever the store forgets. */
export interface KnownRevocations extends Pick<Denylist, 'check'> {
  /**
   * Takes over what the store has.
   * @throws TypeError for an entry that this release does not understand
   */
  apply(record: Omit<RevocationRecord, 'epoch'>): void
  /** The store forgot everything that is not applied again. */
  lose(): void
  /** Some of what the store forgot: keys first, the rest from a random place, so that processes that do this at once do different parts. */
  unstored(most: number): readonly KnownEntry[]
  /** Forgets what has ended. */
  sweep(): void
}

interface Kept {
  readonly entry: RevocationEntry
  /** When it ends, by the wall clock and by the monotonic one. */
  readonly until: { readonly wall: number; readonly steady: number }
  readonly stored: boolean
}

const events = eventChannel('countersign:revocation')
/** Equal for entries about the same. */
export const identity = (entry: RevocationEntry): string => JSON.stringify([entry.type, entry.issuer, nameOf(entry)])

/**
 * How long a shared entry has to be kept, in milliseconds; undefined is for ever.
 *
 * @param options - `maxTokenLifeSeconds`, after which no token is left that a subject's entry could end; `now` in epoch
 * milliseconds; `undone` for what takes an entry back, which has to outlive it also where its time is not told exactly
 */
export function keepForMs(
  entry: RevocationEntry,
  { maxTokenLifeSeconds, now, undone }: { readonly maxTokenLifeSeconds: number; readonly now: number; readonly undone: boolean },
): number | undefined {
  if (!isOfTokens(entry) && entry.type !== 'subject') return undefined
  const last = isOfTokens(entry) ? entry.expiresAt : entry.notBefore + maxTokenLifeSeconds
  const leftMs = Math.max(last * 1000 - now, undone ? maxTokenLifeSeconds * 1000 : 1)
  return leftMs + graceSeconds * 1000
}

function fromAnywhere<T>(values: readonly T[], random: () => number): readonly T[] {
  const from = Math.floor(random() * values.length)
  return [...values.slice(from), ...values.slice(0, from)]
}

/**
 * @param now - epoch milliseconds
 * @param random - a number from 0 to 1
 */
export function createKnownRevocations(now: Now, random: () => number): KnownRevocations {
  const denylist = createDenylist()
  const known = new Map<string, Kept>()

  /** By the clock that says less: no step of a clock ends an entry early. */
  const msLeft = ({ until }: Kept): number => Math.max(until.wall - now(), until.steady - performance.now())

  function untilOf(keep: number = Number.POSITIVE_INFINITY, old?: Kept): Kept['until'] {
    const [wall, steady] = [now() + keep, performance.now() + keep]
    return { wall: Math.max(wall, old?.until.wall ?? wall), steady: Math.max(steady, old?.until.steady ?? steady) }
  }

  function add(entry: RevocationEntry, keep: number | undefined): void {
    const id = identity(entry)
    const old = known.get(id)
    const until = untilOf(keep, old)
    if (old && timeOf(entry) <= timeOf(old.entry)) {
      known.set(id, { entry: old.entry, until, stored: old.stored || timeOf(entry) === timeOf(old.entry) })
      return
    }
    known.set(id, { entry, until, stored: true })
    denylist.add(entry)
    events.publish({ outcome: 'revoked', type: entry.type, issuer: entry.issuer })
  }

  function takeBack(entry: RevocationEntry): void {
    if (!known.delete(identity(entry))) return
    denylist.drop(entry)
    events.publish({ outcome: 'unrevoked', type: entry.type, issuer: entry.issuer })
  }

  return {
    check: denylist.check,
    apply({ entry, keepForMs: keep, undone }) {
      checkEntry(entry)
      if (!undone) add(entry, keep)
      else if (!isOfKey(entry)) takeBack(entry)
    },
    lose() {
      for (const [id, kept] of known) known.set(id, { ...kept, stored: false })
    },
    unstored(most) {
      const lost = [...known.values()].filter((kept) => !kept.stored && msLeft(kept) > 0)
      const keys = lost.filter(({ entry }) => isOfKey(entry))
      const others = lost.filter(({ entry }) => !isOfKey(entry))
      return [...fromAnywhere(keys, random), ...fromAnywhere(others, random)].slice(0, most).map((kept) => {
        const left = msLeft(kept)
        return { entry: kept.entry, keepForMs: left === Number.POSITIVE_INFINITY ? undefined : left }
      })
    },
    sweep() {
      for (const [id, kept] of known) {
        if (msLeft(kept) > 0) continue
        known.delete(id)
        denylist.drop(kept.entry)
      }
    },
  }
}
