import type { Algorithm, KeyAnswer, KeyQuery, KeySet, VerificationKey } from '@countersign/core'

/** The keys of one algorithm. Undefined stands for several that a query could mean. */
interface Candidates {
  /** Each key once; those without a kid come first. */
  readonly all: VerificationKey[]
  readonly byKid: Map<string, VerificationKey | undefined>
  readonly sameName: Map<string | undefined, VerificationKey[]>
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
  const candidates = candidatesOf(set, query.algorithm)
  if (candidates === undefined) return undefined
  if (query.kid !== undefined) return candidates.byKid.get(query.kid)
  return candidates.all.length === 1 ? candidates.all[0] : undefined
}

/**
 * What a set answers to a query: the one key that it means, or all that it could mean.
 *
 * @param query - with a kid, only a key of that name; without, any
 */
export function answerFrom(set: KeySet, query: KeyQuery): KeyAnswer {
  const key = selectKey(set, query)
  if (key !== undefined || query.kid !== undefined) return { key, set }
  const candidates = candidatesOf(set, query.algorithm)
  return candidates === undefined ? { key, set } : { key, set, candidates: candidates.all }
}

function candidatesOf(set: KeySet, algorithm: Algorithm): Candidates | undefined {
  return ((set as IndexedKeySet)[index] ?? indexKeys(set.keys)).get(algorithm)
}

function indexKeys(keys: readonly VerificationKey[]): ReadonlyMap<Algorithm, Candidates> {
  const byAlgorithm = new Map<Algorithm, Candidates>()
  for (const key of keys) {
    for (const algorithm of new Set(key.algorithms)) {
      const candidates = byAlgorithm.get(algorithm) ?? { all: [], byKid: new Map(), sameName: new Map() }
      byAlgorithm.set(algorithm, candidates)
      addKey(candidates, key)
    }
  }
  // Who signs without a kid most likely publishes without one.
  for (const { all } of byAlgorithm.values()) all.sort((a, b) => Number(a.kid !== undefined) - Number(b.kid !== undefined))
  return byAlgorithm
}

function areSame(one: VerificationKey, other: VerificationKey): boolean {
  const [a, b] = [one.thumbprint, other.thumbprint]
  return a === undefined || b === undefined ? one.key.equals(other.key) : a === b
}

function addKey({ all, byKid, sameName }: Candidates, key: VerificationKey): void {
  const namesakes = sameName.get(key.kid) ?? []
  if (namesakes.some((other) => areSame(other, key))) return
  namesakes.push(key)
  sameName.set(key.kid, namesakes)
  all.push(key)
  if (key.kid !== undefined) byKid.set(key.kid, byKid.has(key.kid) ? undefined : key)
}
