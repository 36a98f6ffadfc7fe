import {
  type DocumentAddress,
  type DocumentCount,
  type DocumentStore,
  documentsAtOnce,
  orUnavailable,
  type RecordCodec,
  type StoredDocument,
} from '@countersign/core'

/** A record with the revision at which it was read. */
export interface Kept<R> {
  readonly id: string
  readonly record: R
  readonly revision: number
}

/** Records of one kind. Every method rejects with `Unavailable` when the store is out of reach or its content not understood. */
export interface Collection<R> {
  readonly name: string
  get(id: string): Promise<Kept<R> | undefined>
  /** The existing documents among any number of ids. */
  getMany(ids: readonly string[]): Promise<ReadonlyMap<string, Kept<R>>>
  /** False if it is there already. */
  add(id: string, record: R, group?: string): Promise<boolean>
  /** False if it was changed since it was read. */
  replace(kept: Kept<R>, record: R, group?: string): Promise<boolean>
  /** False if it was changed since it was read. */
  remove(kept: Kept<R>): Promise<boolean>
  /** A page in the order of the ids. */
  page(at: { readonly offset: number; readonly limit: number }): Promise<readonly Kept<R>[]>
  /** All of them, or all of a group: for owners, who have some thousands. */
  all(group?: string): Promise<readonly Kept<R>[]>
  count(): Promise<DocumentCount>
}

const pageSize = 1000

function parse<R>(value: string, stored: RecordCodec<R>): R {
  const record = JSON.parse(value) as { readonly v?: unknown } | null
  if (record?.v === 1) return stored.fromRecord(record)
  throw new Error('a record of a format that this release does not understand')
}

function keptOf<R>({ id, value, revision }: StoredDocument, stored: RecordCodec<R>): Kept<R> {
  return { id, record: parse(value, stored), revision }
}

/** Documents at any addresses, in their order. */
export async function findMany<R>(
  store: DocumentStore,
  addresses: readonly DocumentAddress[],
  stored: RecordCodec<R>,
): Promise<readonly (Kept<R> | undefined)[]> {
  const found: (Kept<R> | undefined)[] = []
  for (let from = 0; from < addresses.length; from += documentsAtOnce) {
    const some = await orUnavailable(() => store.getMany(addresses.slice(from, from + documentsAtOnce)))
    for (const document of some) found.push(document && (await orUnavailable(async () => keptOf(document, stored))))
  }
  return found
}

/** Removes up to {@link documentsAtOnce} documents. Tells of each whether it was removed. */
export function removeMany(
  store: DocumentStore,
  changes: readonly (DocumentAddress & { readonly revision: number })[],
): Promise<readonly boolean[]> {
  return orUnavailable(() => store.removeMany(changes))
}

/** One collection of a store. */
export function documentCollection<R>(store: DocumentStore, collection: string, stored: RecordCodec<R>): Collection<R> {
  const textOf = (record: R): string => JSON.stringify(stored.toRecord(record))

  return {
    name: collection,
    get: (id) =>
      orUnavailable(async () => {
        const document = await store.get({ collection, id })
        return document && keptOf(document, stored)
      }),
    async getMany(ids) {
      const found = await findMany(
        store,
        ids.map((id) => ({ collection, id })),
        stored,
      )
      return new Map(found.flatMap((kept) => (kept ? [[kept.id, kept] as const] : [])))
    },
    add: (id, record, group) => orUnavailable(() => store.put({ collection, id, value: textOf(record), revision: 0, group })),
    replace: ({ id, revision }, record, group) =>
      orUnavailable(() => store.put({ collection, id, value: textOf(record), revision, group })),
    remove: ({ id, revision }) => orUnavailable(() => store.remove({ collection, id, revision })),
    page: ({ offset, limit }) =>
      orUnavailable(async () => (await store.list({ collection, offset, limit })).map((one) => keptOf(one, stored))),
    all: (group) =>
      orUnavailable(async () => {
        const found: Kept<R>[] = []
        const filter = group === undefined ? undefined : { group }
        for (let after: string | undefined, isMore = true; isMore; ) {
          const page = await store.list({ collection, after, filter, limit: pageSize })
          for (const document of page) found.push(keptOf(document, stored))
          after = page.at(-1)?.id
          isMore = page.length === pageSize
        }
        return found
      }),
    count: () => orUnavailable(() => store.count({ collection })),
  }
}
