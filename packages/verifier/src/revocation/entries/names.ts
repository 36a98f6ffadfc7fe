/** Numbers by name. The work of one call does not grow with the number of names. */
export interface Names {
  get(name: string): number | undefined
  /** The number of a name. One that is new gets the number that `create` answers. */
  ensure(name: string, create: () => number): number
  set(name: string, value: number): void
  delete(name: string): void
  isEmpty(): boolean
  /** All names, in parts of at most 2^16. Names may come and go meanwhile. */
  parts(): Iterable<ReadonlyMap<string, number>>
}

/** So many names need one Map alone. It is small, because each further name is looked for in it first. */
const mostInFirst = 2 ** 12
/** One Map that grows at 2^20 names holds the event loop for 89 ms; at 2^16 it is 5 ms. */
const mostPerMap = 2 ** 16
const lists = 256

/** FNV-1a; its high bits depend on the whole name. */
function listOf(name: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < name.length; at += 1) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193)
  return hash >>> 24
}

/** One Map, and beside it, when that is full, lists of further ones: names of one hash fill their own list only. */
export function createNames(): Names {
  const first = new Map<string, number>()
  const others: Map<string, number>[][] = []

  function added(list: Map<string, number>[]): Map<string, number> {
    const map = new Map<string, number>()
    list.push(map)
    return map
  }

  /** The Map that has a name, or is to have it. */
  function mapFor(name: string): Map<string, number> {
    if (others.length === 0 && first.size < mostInFirst) return first
    if (first.has(name)) return first
    if (others.length === 0) for (let n = 0; n < lists; n += 1) others.push([])
    const list = others[listOf(name)] ?? []
    const [only] = list
    if (only !== undefined && list.length === 1 && only.size < mostPerMap) return only
    return list.find((map) => map.has(name)) ?? list.find((map) => map.size < mostPerMap) ?? added(list)
  }

  function holderOf(name: string): Map<string, number> | undefined {
    if (others.length === 0 || first.has(name)) return first
    return others[listOf(name)]?.find((map) => map.has(name))
  }

  function elsewhere(name: string): number | undefined {
    for (const map of others[listOf(name)] ?? []) {
      const value = map.get(name)
      if (value !== undefined) return value
    }
    return undefined
  }

  return {
    get: (name) => first.get(name) ?? (others.length === 0 ? undefined : elsewhere(name)),
    ensure(name, create) {
      const map = mapFor(name)
      const known = map.get(name)
      if (known !== undefined) return known
      const value = create()
      map.set(name, value)
      return value
    },
    set: (name, value) => void mapFor(name).set(name, value),
    delete: (name) => void holderOf(name)?.delete(name),
    isEmpty: () => first.size === 0 && others.every((list) => list.every((map) => map.size === 0)),
    *parts() {
      yield first
      for (const list of others) yield* list
    },
  }
}
