import type { Algorithm, KeyQuery, KeySet, VerificationKey } from '@countersign/core'

/** The keys of one algorithm. Undefined stands for several that a query could mean. */
interface Candidates {
  readonly all: VerificationKey[]
  readonly byKid: Map<string, VerificationKey | undefined>
}

const index: unique symbol = Symbol('index')

interface IndexedKeySet extends KeySet {
  readonly [index]: ReadonlyMap<Algorithm, Candidates>
}

/**
 * A set of keys with an index, so that a look-up does not depend on their number.
 *
 * @param keys - in any order; the same key may appear twice
 */
export function createKeySet(keys: readonly VerificationKey[]): KeySet {
  const set: KeySet = { keys: Object.freeze([...keys]) }
  // Not enumerable: a copy of the set with other keys must not inherit the index.
  return Object.freeze(Object.defineProperty(set, index, { value: indexKeys(keys) }))
}

/**
 * The one key that a query means.
 *
 * @param query - with a kid, only a key of that name; without, any
 * @returns undefined when no key fits the algorithm, and when several different ones do
 */
export function selectKey(set: KeySet, query: KeyQuery): VerificationKey | undefined {
  const candidates = ((set as IndexedKeySet)[index] ?? indexKeys(set.keys)).get(query.algorithm)
  if (candidates === undefined) return undefined
  if (query.kid !== undefined) return candidates.byKid.get(query.kid)
  return candidates.all.length === 1 ? candidates.all[0] : undefined
}

function indexKeys(keys: readonly VerificationKey[]): ReadonlyMap<Algorithm, Candidates> {
  const byAlgorithm = new Map<Algorithm, Candidates>()
  for (const key of keys) {
    for (const algorithm of new Set(key.algorithms)) {
      const candidates = byAlgorithm.get(algorithm) ?? { all: [], byKid: new Map() }
      byAlgorithm.set(algorithm, candidates)
      addKey(candidates, key)
    }
  }
  return byAlgorithm
}

function addKey({ all, byKid }: Candidates, key: VerificationKey): void {
  if (all.some((other) => other.kid === key.kid && other.key.equals(key.key))) return
  all.push(key)
  if (key.kid !== undefined) byKid.set(key.kid, byKid.has(key.kid) ? undefined : key)
}
