import { type DocumentStore, isUnavailable, Unavailable } from '@countersign/core'

/** A record with the revision at which it was read. */
interface Kept<R> {
  readonly id: string
  readonly record: R
  readonly revision: number
}

/** Records of one kind. Every method rejects with `Unavailable` when the store is out of reach or its content not understood. */
export interface Collection<R> {
  get(id: string): Promise<Kept<R> | undefined>
  /** False if it is there already. */
  add(id: string, record: R): Promise<boolean>
  /** False if it was changed since it was read. */
  replace(kept: Kept<R>, record: R): Promise<boolean>
  /** False if it was changed since it was read. */
  remove(kept: Kept<R>): Promise<boolean>
  all(): Promise<readonly Kept<R>[]>
}

const pageSize = 1000

/** Waits for a store: whatever it rejects with is an outage. */
async function reachable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw isUnavailable(cause) ? cause : new Unavailable('store_unavailable', { cause })
  }
}

function parse<R extends { readonly v: 1 }>(value: string): R {
  const kept = JSON.parse(value) as R | null
  if (kept?.v === 1) return kept
  throw new Error('a record of a format that this release does not understand')
}

/** One collection of a store. */
export function documentCollection<R extends { readonly v: 1 }>(store: DocumentStore, collection: string): Collection<R> {
  return {
    get: (id) =>
      reachable(async () => {
        const document = await store.get({ collection, id })
        return document && { id, record: parse<R>(document.value), revision: document.revision }
      }),
    add: (id, record) => reachable(() => store.put({ collection, id, value: JSON.stringify(record), revision: 0 })),
    replace: ({ id, revision }, record) => reachable(() => store.put({ collection, id, value: JSON.stringify(record), revision })),
    remove: ({ id, revision }) => reachable(() => store.remove({ collection, id, revision })),
    all: () =>
      reachable(async () => {
        const found: Kept<R>[] = []
        for (let after: string | undefined, isMore = true; isMore; ) {
          const page = await store.list({ collection, after, limit: pageSize })
          found.push(...page.map(({ id, value, revision }) => ({ id, record: parse<R>(value), revision })))
          after = page.at(-1)?.id
          isMore = page.length === pageSize
        }
        return found
      }),
  }
}
