import type { RevocationEntry } from '@countersign/core'
import { createNames, type Names } from './names.js'

/** What an entry is about, and a number that its owner keeps for it. */
export interface NamedEntry {
  readonly type: RevocationEntry['type']
  readonly issuer: string
  readonly name: string
  readonly value: number
}

/** Numbers of entries by type, issuer and name. */
export interface EntryNames {
  get(type: NamedEntry['type'], issuer: string, name: string): number | undefined
  hasAny(type: NamedEntry['type']): boolean
  /** The number of an entry. One that is new gets the number that `create` answers. */
  ensure(entry: Omit<NamedEntry, 'value'>, create: () => number): number
  set(entry: NamedEntry): void
  delete(type: NamedEntry['type'], issuer: string, name: string): void
  /**
   * All entries of some types, one after the other; each step is short.
   * @param random - a number from 0 to 1; where the walk begins. It comes to every entry. @defaultValue 0
   */
  walk(types: readonly NamedEntry['type'][], random?: number): Generator<NamedEntry, undefined>
}

type Part = Omit<NamedEntry, 'name' | 'value'> & { readonly map: ReadonlyMap<string, number> }

/** The entries of a part from a place on, or those before it. */
function* entriesOf({ type, issuer, map }: Part, from: number, to = Number.POSITIVE_INFINITY): Generator<NamedEntry, undefined> {
  let at = 0
  for (const [name, value] of map) {
    if (at >= to) return undefined
    if (at >= from) yield { type, issuer, name, value }
    at += 1
  }
  return undefined
}

export function createEntryNames(): EntryNames {
  const lists: Readonly<Record<NamedEntry['type'], Map<string, Names>>> = {
    signing_key: new Map(),
    client_key: new Map(),
    jti: new Map(),
    family: new Map(),
    subject: new Map(),
    client: new Map(),
  }

  function namesOf(type: NamedEntry['type'], issuer: string): Names {
    const known = lists[type].get(issuer)
    if (known !== undefined) return known
    const names = createNames()
    lists[type].set(issuer, names)
    return names
  }

  function* partsOf(types: readonly NamedEntry['type'][]): Generator<Part> {
    for (const type of types) for (const [issuer, names] of lists[type]) for (const map of names.parts()) yield { type, issuer, map }
  }

  return {
    get: (type, issuer, name) => lists[type].get(issuer)?.get(name),
    hasAny: (type) => lists[type].size > 0,
    ensure: ({ type, issuer, name }, create) => namesOf(type, issuer).ensure(name, create),
    set: ({ type, issuer, name, value }) => namesOf(type, issuer).set(name, value),
    delete(type, issuer, name) {
      const names = lists[type].get(issuer)
      names?.delete(name)
      if (names?.isEmpty() === true) lists[type].delete(issuer)
    },
    *walk(types, random = 0) {
      const parts = [...partsOf(types)]
      const start = Math.floor(random * parts.length)
      const first = parts[start]
      if (first === undefined) return undefined
      const from = Math.floor(((random * parts.length) % 1) * first.map.size)
      yield* entriesOf(first, from)
      for (const part of [...parts.slice(start + 1), ...parts.slice(0, start)]) yield* entriesOf(part, 0)
      return yield* entriesOf(first, 0, from)
    },
  }
}
