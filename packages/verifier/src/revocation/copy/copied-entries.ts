import { eventChannel, type Now, type RevocationEntry, type RevocationRecord, revocationName } from '@countersign/core'
import { checkEntry, isOfKey, timeOf } from '../entries/entry.js'
import { createEntryNames, type EntryNames, type NamedEntry } from '../entries/entry-names.js'
import { createNumbers } from '../entries/numbers.js'
import { createSlices } from '../entries/slices.js'

/** An entry and how long it still counts; undefined is for ever. */
export interface CopiedEntry {
  readonly entry: RevocationEntry
  readonly ttlMs: number | undefined
}

/** This process's copy of a shared denylist. Each entry is kept until its own end, even if the store forgets it. */
export interface CopiedEntries extends Pick<EntryNames, 'get' | 'hasAny'> {
  /** The time of the entry that `get` answered. */
  timeOf(value: number): number
  /**
   * Takes over what the store has.
   * @throws TypeError for an entry that this release does not understand
   */
  apply(record: Omit<RevocationRecord, 'cursor'>): void
  /** The store forgot everything that is not applied again. */
  lose(): void
  /** Some of what the store forgot: keys first, the rest from a random place, so that processes that do this at once do different parts. */
  unstored(most: number): Promise<readonly CopiedEntry[]>
  /** Whether the store forgot something since `unstored` last found nothing. */
  isMissing(): boolean
  /** Forgets some of what has ended, in a few milliseconds. True when all was looked at. */
  sweep(): boolean
}

/** Of an entry: its own time; when it ends, by the wall clock and by the monotonic one; the number of losses after which it was in the store. */
const [itsTime, endsWall, endsSteady, storedAfter] = [0, 1, 2, 3] as const

const keyTypes = ['signing_key', 'client_key'] as const
const otherTypes = ['subject', 'client', 'family', 'jti'] as const

/** The entry whose name and time are known. */
function entryOf({ type, issuer, name }: NamedEntry, time: number): RevocationEntry {
  switch (type) {
    case 'signing_key':
      return { type, issuer, kid: name }
    case 'client_key':
      return { type, issuer, thumbprint: name }
    case 'jti':
      return { type, issuer, jti: name, expiresAt: time }
    case 'family':
      return { type, issuer, family: name, expiresAt: time }
    case 'subject':
      return { type, issuer, subject: name, notBefore: time }
    case 'client':
      return { type, issuer, clientId: name }
  }
}

const events = eventChannel('countersign:revocation')

/**
 * @param now - epoch milliseconds
 * @param random - a number from 0 to 1
 */
export function createCopiedEntries(now: Now, random: () => number): CopiedEntries {
  const entries = createEntryNames()
  const numbers = createNumbers(4)
  const everything = (): ReturnType<typeof entries.walk> => entries.walk([...keyTypes, ...otherTypes])
  const state = { losses: 0, missing: false, sweeping: everything(), lost: lostOnes() }

  /** By the clock that says less: no step of a clock ends an entry early. */
  const msLeft = (place: number): number =>
    Math.max(numbers.get(place, endsWall) - now(), numbers.get(place, endsSteady) - performance.now())
  const isStored = (place: number): boolean => numbers.get(place, storedAfter) === state.losses

  function* lostOnes(): ReturnType<typeof entries.walk> {
    yield* entries.walk(keyTypes, random())
    return yield* entries.walk(otherTypes, random())
  }

  function newPlace(): number {
    const place = numbers.take()
    for (const which of [itsTime, endsWall, endsSteady]) numbers.set(place, which, Number.NEGATIVE_INFINITY)
    return place
  }

  function add(entry: RevocationEntry, keep: number = Number.POSITIVE_INFINITY): void {
    const { type, issuer } = entry
    const place = entries.ensure({ type, issuer, name: revocationName(entry) }, newPlace)
    const [time, old] = [timeOf(entry), numbers.get(place, itsTime)]
    numbers.set(place, endsWall, Math.max(now() + keep, numbers.get(place, endsWall)))
    numbers.set(place, endsSteady, Math.max(performance.now() + keep, numbers.get(place, endsSteady)))
    if (time >= old) numbers.set(place, storedAfter, state.losses)
    if (time <= old) return
    numbers.set(place, itsTime, time)
    if (events.hasSubscribers) events.publish({ outcome: 'revoked', type, issuer })
  }

  function forget({ type, issuer, name }: Omit<NamedEntry, 'value'>, place: number): void {
    entries.delete(type, issuer, name)
    numbers.give(place)
  }

  function takeBack(entry: RevocationEntry): void {
    const { type, issuer } = entry
    const name = revocationName(entry)
    const place = entries.get(type, issuer, name)
    if (place === undefined) return
    forget({ type, issuer, name }, place)
    events.publish({ outcome: 'unrevoked', type, issuer })
  }

  /** Goes on where it was; from the beginning once, for what could not be written before. */
  async function findLost(most: number): Promise<readonly CopiedEntry[]> {
    const found: CopiedEntry[] = []
    const slices = createSlices()
    let isAgain = false
    while (found.length < most) {
      if (slices.isOver()) await slices.rest()
      const { value: one, done } = state.lost.next()
      if (done === true) {
        state.lost = lostOnes()
        if (isAgain || found.length > 0) return found
        isAgain = true
      } else if (!isStored(one.value) && msLeft(one.value) > 0) {
        const left = msLeft(one.value)
        found.push({
          entry: entryOf(one, numbers.get(one.value, itsTime)),
          ttlMs: left === Number.POSITIVE_INFINITY ? undefined : left,
        })
      }
    }
    return found
  }

  return {
    get: entries.get,
    hasAny: entries.hasAny,
    timeOf: (place) => numbers.get(place, itsTime),
    apply({ entry, ttlMs: keep, reinstated }) {
      checkEntry(entry)
      if (!reinstated) add(entry, keep)
      else if (!isOfKey(entry)) takeBack(entry)
    },
    lose() {
      state.losses += 1
      state.missing = true
      state.lost = lostOnes()
    },
    async unstored(most) {
      const { losses } = state
      const found = await findLost(most)
      if (found.length === 0 && losses === state.losses) state.missing = false
      return found
    },
    isMissing: () => state.missing,
    sweep() {
      const slices = createSlices()
      while (!slices.isOver()) {
        const { value: one, done } = state.sweeping.next()
        if (done === true) {
          state.sweeping = everything()
          return true
        }
        if (msLeft(one.value) <= 0) forget(one, one.value)
      }
      return false
    },
  }
}
