import { type DocumentStore, isUnavailable, Unavailable } from '@countersign/core'

/** All keys of one owner: one document with one revision, so that a change of several keys is one step. */
export interface Ring<K> {
  readonly keys: readonly K[]
  /** 0 where nothing is kept yet. */
  readonly revision: number
}

interface Kept<K> {
  readonly v: 1
  readonly keys: readonly K[]
}

/** Rings of one kind. */
export interface Rings<K> {
  /** Rejects with `Unavailable`. */
  read(owner: string): Promise<Ring<K>>
  /**
   * Changes a ring; asked again with the newer ring if somebody else changed it meanwhile.
   *
   * @param change - the keys after the change, or undefined to leave them; must have no effects of its own
   */
  change<R>(owner: string, change: (ring: Ring<K>) => { readonly keys?: readonly K[]; readonly result: R }): Promise<R>
}

/** Somebody else changes the same ring at most so often before we give up. */
const attempts = 20

/** An outage of the store, with its cause. */
export async function reachable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    throw isUnavailable(cause) ? cause : new Unavailable('store_unavailable', { cause })
  }
}

/** @param collection - of the store's documents; the id of a document is its owner */
export function createRings<K>(store: DocumentStore, collection: string): Rings<K> {
  async function read(owner: string): Promise<Ring<K>> {
    const document = await reachable(store.get({ collection, id: owner }))
    if (document === undefined) return { keys: [], revision: 0 }
    const kept = JSON.parse(document.value) as Kept<K>
    if (kept.v !== 1) throw new Error(`a key ring of format ${String(kept.v)} is not understood by this release`)
    return { keys: kept.keys, revision: document.revision }
  }

  return {
    read,
    async change(owner, change) {
      for (let attempt = 0; attempt < attempts; attempt += 1) {
        const ring = await read(owner)
        const { keys, result } = change(ring)
        if (keys === undefined) return result
        const kept: Kept<K> = { v: 1, keys }
        if (await reachable(store.put({ collection, id: owner, value: JSON.stringify(kept), revision: ring.revision }))) return result
      }
      throw new Unavailable('store_unavailable', { cause: new Error('the key ring is changed too often at once') })
    },
  }
}
