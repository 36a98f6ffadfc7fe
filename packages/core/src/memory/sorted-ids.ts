/** Ids in the order of their UTF-8 bytes, each once. */
export interface SortedIds {
  readonly length: number
  add(id: string): void
  remove(id: string): void
  /** How many stand before the id. */
  rank(id: string): number
  has(id: string): boolean
  slice(from: number, to: number): readonly string[]
}

/** UTF-16 units in the order in which UTF-8 has them: those of surrogate pairs are behind all others. */
const weightOf = (unit: number): number => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800)

/** Negative if `a` comes first. */
export function byUtf8(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length)
  for (let at = 0; at < shorter; at += 1) {
    const [left, right] = [a.charCodeAt(at), b.charCodeAt(at)]
    if (left !== right) return weightOf(left) - weightOf(right)
  }
  return a.length - b.length
}

/** An empty list. */
export function sortedIds(): SortedIds {
  const ids: string[] = []

  function rank(id: string): number {
    let [low, high] = [0, ids.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (byUtf8(ids[middle] ?? '', id) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  return {
    get length() {
      return ids.length
    },
    add(id) {
      const at = rank(id)
      if (ids[at] !== id) ids.splice(at, 0, id)
    },
    remove(id) {
      const at = rank(id)
      if (ids[at] === id) ids.splice(at, 1)
    },
    rank,
    has: (id) => ids[rank(id)] === id,
    slice: (from, to) => ids.slice(from, to),
  }
}
