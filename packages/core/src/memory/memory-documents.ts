import type { Now } from '../clock.js'
import {
  completeListQuery,
  completeScanQuery,
  type DocumentStore,
  requireAtOnce,
  requireGroup,
  type ScannedDocument,
  type StoredDocument,
  scanPosition,
} from '../document-store.js'
import { lengthPrefixed } from '../length-prefixed.js'
import { givenCalls } from './given-calls.js'
import { byUtf8, type SortedIds, sortedIds } from './sorted-ids.js'

const nameOf = (collection: string, id: string): string => `${lengthPrefixed(collection)}${id}`

interface Collection {
  readonly documents: Map<string, StoredDocument>
  readonly ids: SortedIds
  readonly groups: Map<string, SortedIds>
  readonly groupOf: Map<string, string>
}

const emptyCollection = (): Collection => ({ documents: new Map(), ids: sortedIds(), groups: new Map(), groupOf: new Map() })

function setGroup({ groups, groupOf }: Collection, id: string, group: string | undefined): void {
  const before = groupOf.get(id)
  if (before === group) return
  if (before !== undefined) {
    const left = groups.get(before)
    left?.remove(id)
    if (left?.length === 0) groups.delete(before)
    groupOf.delete(id)
  }
  if (group === undefined) return
  const joined = groups.get(group) ?? sortedIds()
  joined.add(id)
  groups.set(group, joined)
  groupOf.set(id, group)
}

/** The ranks between which the ids stand that begin so. */
function rangeOf(ids: SortedIds, prefix: string | undefined): readonly [from: number, to: number] {
  // no well-formed text is behind the last code point
  return prefix === undefined ? [0, ids.length] : [ids.rank(prefix), ids.rank(`${prefix}\u{10ffff}\u{10ffff}`)]
}

/** Up to so many documents of a collection behind an id. */
function documentsBehind(collection: string, kept: Collection, after: string | undefined, limit: number): readonly ScannedDocument[] {
  const first = after === undefined ? 0 : kept.ids.rank(after) + (kept.ids.has(after) ? 1 : 0)
  return kept.ids
    .slice(first, first + limit)
    .map((id) => ({ ...(kept.documents.get(id) as StoredDocument), collection, group: kept.groupOf.get(id) }))
}

/** Lasting records. */
export function memoryDocuments(now: Now): DocumentStore {
  const calls = givenCalls<'put' | 'removed'>(now)
  const collections = new Map<string, Collection>()
  const names = sortedIds()

  const find = (collection: string, id: string): StoredDocument | undefined => collections.get(collection)?.documents.get(id)

  const remove: DocumentStore['remove'] = async ({ collection, id, revision, ...call }) => {
    const name = nameOf(collection, id)
    if (calls.made(name, call) === 'removed') return true
    const kept = collections.get(collection)
    if (kept?.documents.get(id)?.revision !== revision) return false
    setGroup(kept, id, undefined)
    kept.ids.remove(id)
    kept.documents.delete(id)
    if (kept.documents.size === 0) {
      collections.delete(collection)
      names.remove(collection)
    }
    calls.keep(name, call, 'removed')
    return true
  }

  return {
    async get({ collection, id }) {
      return find(collection, id)
    },
    async getMany(addresses) {
      requireAtOnce(addresses)
      return addresses.map(({ collection, id }) => find(collection, id))
    },
    async put({ collection, id, value, revision, group, ...call }) {
      requireGroup(group)
      const name = nameOf(collection, id)
      if (calls.made(name, call) === 'put') return true
      const kept = collections.get(collection) ?? emptyCollection()
      if ((kept.documents.get(id)?.revision ?? 0) !== revision) return false
      if (kept.documents.size === 0) {
        collections.set(collection, kept)
        names.add(collection)
      }
      kept.documents.set(id, Object.freeze({ id, value, revision: revision + 1 }))
      if (revision === 0) kept.ids.add(id)
      setGroup(kept, id, group)
      calls.keep(name, call, 'put')
      return true
    },
    remove,
    async removeMany(changes, call) {
      requireAtOnce(changes)
      return Promise.all(changes.map((change) => remove({ ...change, ...call })))
    },
    async list(query) {
      const { collection, after, offset, limit, group, idPrefix } = completeListQuery(query)
      const kept = collections.get(collection)
      const ids = group === undefined ? kept?.ids : kept?.groups.get(group)
      if (kept === undefined || ids === undefined) return []
      const [from, to] = rangeOf(ids, idPrefix)
      const first = after === undefined ? from + offset : Math.max(from, ids.rank(after) + (ids.has(after) ? 1 : 0))
      return ids.slice(first, Math.min(to, first + limit)).map((id) => kept.documents.get(id) as StoredDocument)
    },
    async count({ collection }) {
      const kept = collections.get(collection)
      const groups = [...(kept?.groups ?? [])].map(([group, ids]) => ({ group, count: ids.length }))
      return { total: kept?.ids.length ?? 0, groups: groups.sort((a, b) => byUtf8(a.group, b.group)) }
    },
    async scan(query) {
      const { limit, position } = completeScanQuery(query)
      const items: ScannedDocument[] = []
      for (let at = position === undefined ? 0 : names.rank(position.collection); at < names.length && items.length < limit; at += 1) {
        const [name = ''] = names.slice(at, at + 1)
        const after = name === position?.collection ? position.id : undefined
        items.push(...documentsBehind(name, collections.get(name) ?? emptyCollection(), after, limit - items.length))
      }
      const last = items.length < limit ? undefined : items.at(-1)
      return { items, after: last && scanPosition(last) }
    },
  }
}
