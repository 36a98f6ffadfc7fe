import type { DocumentStore, StoredDocument } from '@countersign/core'
import { changeKept, type RedisAccess } from './redis-access.js'

function documentOf(id: string, stored: string): StoredDocument {
  const [version, revision] = stored.split(':', 2)
  if (version !== '1' || revision === undefined) throw new Error('a record of a format that this release does not know')
  return { id, revision: Number(revision), value: stored.slice(version.length + revision.length + 2) }
}

/** Ids after `after` in the order of their UTF-8 bytes. */
function idsAfter(ids: readonly string[], after: string | undefined): readonly string[] {
  const from = after === undefined ? undefined : Buffer.from(after)
  return ids
    .map((id) => ({ id, bytes: Buffer.from(id) }))
    .filter(({ bytes }) => from === undefined || Buffer.compare(bytes, from) > 0)
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ id }) => id)
}

/** @throws TypeError for a text that would come back as another one */
function requireWellFormed(...texts: readonly string[]): void {
  for (const text of texts)
    if (!(text as unknown as { isWellFormed(): boolean }).isWellFormed()) throw new TypeError('ids and values are well-formed Unicode')
}

/** Lasting records: one hash per collection, so that every operation and every list is on one key. */
export function redisDocuments(access: RedisAccess, kind: 'dc' | 'dk' | 'da'): DocumentStore {
  const { client, connection, keys } = access
  const keyOf = (collection: string): string => keys.of(kind, collection)

  async function page(key: string, ids: readonly string[], limit: number): Promise<readonly StoredDocument[]> {
    const found: StoredDocument[] = []
    for (let at = 0; at < ids.length && found.length < limit; at += limit) {
      const some = ids.slice(at, at + limit)
      const values = await client.hmget(key, ...some)
      // one that was removed meanwhile is null
      for (const [index, id] of some.entries()) if (typeof values[index] === 'string') found.push(documentOf(id, values[index]))
    }
    return found.slice(0, limit)
  }

  return {
    async get({ collection, id }) {
      requireWellFormed(id)
      return connection.read(async () => {
        const stored = await client.hget(keyOf(collection), id)
        return stored === null ? undefined : documentOf(id, stored)
      })
    },
    async put({ collection, id, value, revision, ...call }) {
      requireWellFormed(id, value)
      const change = { key: keyOf(collection), parts: [id], call }
      return Number(await changeKept(access, change, 'putDocument', id, String(revision), value)) === 1
    },
    async remove({ collection, id, revision, ...call }) {
      requireWellFormed(id)
      const change = { key: keyOf(collection), parts: [id], call }
      return Number(await changeKept(access, change, 'removeDocument', id, String(revision))) === 1
    },
    async list({ collection, after, limit = 100 }) {
      if (!(Number.isSafeInteger(limit) && limit > 0)) throw new TypeError('limit is a positive whole number')
      const key = keyOf(collection)
      return connection.read(async () => page(key, idsAfter(await client.hkeys(key), after), limit))
    },
  }
}
