import {
  completeListQuery,
  type DocumentAddress,
  type DocumentStore,
  mapConcurrently,
  requireAtOnce,
  requireGroup,
  type StoreCall,
  type StoredDocument,
} from '@countersign/core'
import { readIndexed } from './collections/document-index.js'
import { documentScan } from './collections/document-scan.js'
import { changeKept, type RedisAccess } from './connection/access.js'
import type { DocumentKind } from './connection/store-keys.js'

function documentOf(id: string, stored: string): StoredDocument {
  const [version, revision] = stored.split(':', 2)
  if (version !== '1' || revision === undefined) throw new Error('a record of a format that this release does not know')
  return { id, revision: Number(revision), value: stored.slice(version.length + revision.length + 2) }
}

/** @throws TypeError for a text that would come back as another one */
function requireWellFormed(...texts: readonly string[]): void {
  for (const text of texts)
    if (!(text as unknown as { isWellFormed(): boolean }).isWellFormed()) throw new TypeError('ids and values must be well-formed Unicode')
}

/** How many collections are under way at once in one call. */
const collectionsAtOnce = 64

/** Places of the items of each collection. */
function byCollection(addresses: readonly DocumentAddress[]): readonly (readonly [collection: string, places: readonly number[]])[] {
  const places = new Map<string, number[]>()
  for (const [place, { collection }] of addresses.entries()) {
    const known = places.get(collection)
    if (known) known.push(place)
    else places.set(collection, [place])
  }
  return [...places]
}

/** The members of the index that a query is about: how they begin, and what stands before the id. */
function membersOf({ group, idPrefix }: { readonly group: string | undefined; readonly idPrefix: string | undefined }): {
  readonly prefix: string
  readonly mark: string
} {
  if (group !== undefined) {
    const mark = `g${Buffer.byteLength(group)}:${group}`
    return { prefix: mark, mark }
  }
  return { prefix: `i${idPrefix ?? ''}`, mark: 'i' }
}

const undoOf = (id: string, value: string) => ['undoPut', id, value] as const

/** Lasting records: per collection one hash, and its index in the same slot. */
export function redisDocuments(access: RedisAccess, kind: DocumentKind): DocumentStore {
  const { reads, keys } = access
  const keyOf = (collection: string): string => keys.of(kind, collection)

  const indexed = readIndexed(access)

  async function removeFrom(
    collection: string,
    documents: readonly { readonly id: string; readonly revision: number }[],
    call?: StoreCall,
  ): Promise<string> {
    const key = keyOf(collection)
    const change = { key, index: keys.ofIndex(key), parts: documents.map(({ id }) => id), call }
    return String(await changeKept(access, change, 'removeDocuments', ...documents.flatMap(({ id, revision }) => [id, String(revision)])))
  }

  return {
    async get({ collection, id }) {
      requireWellFormed(id)
      return reads.read(async () => {
        const stored = await reads.client.hget(keyOf(collection), id)
        return stored === null ? undefined : documentOf(id, stored)
      })
    },
    async getMany(addresses) {
      requireAtOnce(addresses)
      requireWellFormed(...addresses.map(({ id }) => id))
      const found: (StoredDocument | undefined)[] = addresses.map(() => undefined)
      await reads.read(() =>
        mapConcurrently(byCollection(addresses), collectionsAtOnce, async ([collection, places]) => {
          const ids = places.map((place) => addresses[place]?.id ?? '')
          const values = await reads.client.hmget(keyOf(collection), ...ids)
          for (const [at, place] of places.entries()) {
            const value = values[at]
            if (typeof value === 'string') found[place] = documentOf(ids[at] ?? '', value)
          }
        }),
      )
      return found
    },
    async put({ collection, id, value, revision, group, ...call }) {
      requireWellFormed(id, value)
      requireGroup(group)
      const key = keyOf(collection)
      const change = { key, index: keys.ofIndex(key), parts: [id], call, undo: revision === 0 ? undoOf(id, value) : undefined }
      return Number(await changeKept(access, change, 'putDocument', id, String(revision), value, group ?? '')) === 1
    },
    async remove({ collection, id, revision, ...call }) {
      requireWellFormed(id)
      return (await removeFrom(collection, [{ id, revision }], call)) === '1'
    },
    async removeMany(changes, call) {
      requireAtOnce(changes)
      requireWellFormed(...changes.map(({ id }) => id))
      const removed = changes.map(() => false)
      await mapConcurrently(byCollection(changes), collectionsAtOnce, async ([collection, places]) => {
        const documents = places.map((place) => changes[place] as DocumentAddress & { readonly revision: number })
        const digits = await removeFrom(collection, documents, call)
        for (const [at, place] of places.entries()) removed[place] = digits[at] === '1'
      })
      return removed
    },
    async list(query) {
      const { collection, after, offset, limit, group, idPrefix } = completeListQuery(query)
      const { prefix, mark } = membersOf({ group, idPrefix })
      // what begins as the filter says stands behind `after` as a whole, or the page begins within it
      const from = after === undefined || Buffer.compare(Buffer.from(mark + after), Buffer.from(prefix)) < 0 ? '' : mark + after
      return reads.read(async () => {
        const flat = await indexed(keyOf(collection), 'listDocuments', prefix, Buffer.byteLength(mark), from, offset, limit)
        return Array.from({ length: flat.length / 2 }, (_, at) => documentOf(String(flat[2 * at]), String(flat[2 * at + 1])))
      })
    },
    async count({ collection }) {
      return reads.read(async () => {
        const [total, ...flat] = await indexed(keyOf(collection), 'countDocuments')
        const groups = Array.from({ length: flat.length / 2 }, (_, at) => ({
          group: String(flat[2 * at]),
          count: Number(flat[2 * at + 1]),
        }))
        return { total: Number(total), groups: groups.sort((a, b) => Buffer.compare(Buffer.from(a.group), Buffer.from(b.group))) }
      })
    },
    scan: documentScan(access, kind, { indexed, documentOf }),
  }
}
