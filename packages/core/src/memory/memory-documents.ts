import type { Now } from '../clock.js'
import type { DocumentStore, StoredDocument } from '../document-store.js'
import { givenCalls } from './given-calls.js'

const byBytes = (a: StoredDocument, b: StoredDocument): number => Buffer.compare(Buffer.from(a.id), Buffer.from(b.id))

const nameOf = (collection: string, id: string): string => `${collection.length}:${collection}${id}`

/** Lasting records. */
export function memoryDocuments(now: Now): DocumentStore {
  const calls = givenCalls<'put' | 'removed'>(now)
  const collections = new Map<string, Map<string, StoredDocument>>()
  return {
    async get({ collection, id }) {
      return collections.get(collection)?.get(id)
    },
    async put({ collection, id, value, revision, ...call }) {
      const name = nameOf(collection, id)
      if (calls.made(name, call) === 'put') return true
      const documents = collections.get(collection) ?? new Map<string, StoredDocument>()
      if ((documents.get(id)?.revision ?? 0) !== revision) return false
      collections.set(collection, documents)
      documents.set(id, Object.freeze({ id, value, revision: revision + 1 }))
      calls.keep(name, call, 'put')
      return true
    },
    async remove({ collection, id, revision, ...call }) {
      const name = nameOf(collection, id)
      if (calls.made(name, call) === 'removed') return true
      const documents = collections.get(collection)
      if (documents?.get(id)?.revision !== revision) return false
      documents.delete(id)
      if (documents.size === 0) collections.delete(collection)
      calls.keep(name, call, 'removed')
      return true
    },
    async list({ collection, after, limit = 100 }) {
      if (!(Number.isInteger(limit) && limit > 0)) throw new TypeError('limit is a positive whole number')
      const documents = [...(collections.get(collection)?.values() ?? [])].sort(byBytes)
      const rest = after === undefined ? documents : documents.filter(({ id }) => Buffer.compare(Buffer.from(id), Buffer.from(after)) > 0)
      return rest.slice(0, limit)
    },
  }
}
