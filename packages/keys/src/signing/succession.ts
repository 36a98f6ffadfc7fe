import type { OwnKey } from './signing-key.js'

/** Keys of one use replace each other. */
export type Use = Pick<OwnKey, 'algorithm' | 'purpose'>

/** Whether two keys, or a key and a use, are of one use. */
export function areOfOneUse(one: Use, other: Use): boolean {
  return one.algorithm === other.algorithm && one.purpose === other.purpose
}

const hasEnded = (key: OwnKey, now: number): boolean => key.revokedAt !== undefined || (key.retireAt !== undefined && key.retireAt <= now)

/** Keys of a use that sign or are scheduled to. */
function lineOf(keys: readonly OwnKey[], use: Use, now: number): readonly OwnKey[] {
  return keys.filter((key) => areOfOneUse(key, use) && key.activeAt !== undefined && !hasEnded(key, now))
}

/** Of two keys that begin in the same instant, the later one in the list comes after. */
function successorsOf(key: OwnKey, line: readonly OwnKey[]): readonly OwnKey[] {
  const begin = key.activeAt ?? 0
  const place = line.indexOf(key)
  return line.filter(({ activeAt = 0 }, index) => activeAt > begin || (activeAt === begin && index > place))
}

/**
 * Every key signs until the next one of its use begins, so that one signs at any time. To be applied after every change: a
 * key that was revoked or withdrawn before its time leaves its place to the one before it.
 *
 * @param now - epoch seconds
 */
export function withSuccession(keys: readonly OwnKey[], now: number): readonly OwnKey[] {
  return keys.map((key) => {
    const line = lineOf(keys, key, now)
    if (!line.includes(key)) return key
    const begins = successorsOf(key, line).map(({ activeAt = 0 }) => activeAt)
    const { retireAt: _, ...open } = key
    return begins.length === 0 ? open : { ...open, retireAt: Math.min(...begins) }
  })
}

/** The first instant from `now` on at which a key can begin and come after the one that signs. */
export function beginsAfter(keys: readonly OwnKey[], use: Use, now: number): number {
  // A moment ahead counts as begun: there may be several steps within one tick of the clock.
  const begun = lineOf(keys, use, now).flatMap(({ activeAt = 0 }) => (activeAt < now + 1 ? [activeAt + 0.001] : []))
  return Math.max(now, ...begun)
}
