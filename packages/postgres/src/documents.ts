import type { DocumentStore, StoredDocument } from '@countersign/core'
import type { Database } from './database.js'
import { bytesOf, type Row, textOf } from './driver.js'

/** Both together have to fit an entry of an index. */
const longestBytes = 1_000

interface Texts {
  readonly get: string
  readonly create: string
  readonly change: string
  readonly remove: string
  readonly list: string
}

function textsOf(schema: string): Texts {
  const table = `${schema}.documents`
  const within = 'tenant = $1 and kind = $2 and collection = $3'
  return {
    get: `select id, value, revision::text from ${table} where ${within} and id = $4`,
    create: `insert into ${table} (tenant, kind, collection, id, value, revision) values ($1, $2, $3, $4, $5, 1)
      on conflict do nothing returning true`,
    change: `update ${table} set value = $5, revision = revision + 1 where ${within} and id = $4 and revision = $6 returning true`,
    remove: `delete from ${table} where ${within} and id = $4 and revision = $5 returning true`,
    list: `select id, value, revision::text from ${table} where ${within} and ($4::bytea is null or id > $4) order by id limit $5`,
  }
}

function documentOf(row: Row): StoredDocument {
  return { id: textOf(row.id), value: textOf(row.value), revision: Number(row.revision) }
}

function partOf(name: string, text: string): Buffer {
  const bytes = bytesOf(text)
  if (bytes.length > longestBytes) throw new TypeError(`${name} has at most ${longestBytes} bytes`)
  return bytes
}

/**
 * Lasting records.
 *
 * @param place - `kind` keeps the collections of clients, keys and accounts apart
 */
export function postgresDocuments(
  database: Database,
  schema: string,
  place: { readonly tenant: Buffer; readonly kind: 'clients' | 'keys' | 'accounts' },
): DocumentStore {
  const texts = textsOf(schema)
  const address = (collection: string, id: string): unknown[] => [
    place.tenant,
    place.kind,
    partOf('collection', collection),
    partOf('id', id),
  ]
  return {
    async get({ collection, id }) {
      const [row] = await database.operation((run) => run(texts.get, address(collection, id)))
      return row && documentOf(row)
    },
    async put({ collection, id, value, revision }) {
      const values = [...address(collection, id), bytesOf(value)]
      const changed = await database.operation((run) =>
        revision === 0 ? run(texts.create, values) : run(texts.change, [...values, revision]),
      )
      return changed.length === 1
    },
    async remove({ collection, id, revision }) {
      const removed = await database.operation((run) => run(texts.remove, [...address(collection, id), revision]))
      return removed.length === 1
    },
    async list({ collection, after, limit = 100 }) {
      const values = [place.tenant, place.kind, partOf('collection', collection), after === undefined ? null : bytesOf(after), limit]
      return (await database.operation((run) => run(texts.list, values))).map(documentOf)
    },
  }
}
