import {
  completeListQuery,
  completeScanQuery,
  type DocumentAddress,
  type DocumentStore,
  requireAtOnce,
  requireGroup,
  type StoreCall,
  type StoredDocument,
  scanPosition,
} from '@countersign/core'
import type { Database } from './connection/connection.js'
import { bytesOf, type Row, textOf } from './connection/driver.js'
import { postgresCounts } from './document-counts.js'
import { changeTexts, readTexts } from './statements/document-texts.js'
import { type CallStatements, keptCalls } from './statements/kept-calls.js'

/** Both together have to fit an entry of an index. */
const longestBytes = 1_000

function documentOf(row: Row): StoredDocument {
  return { id: textOf(row.id), value: textOf(row.value), revision: Number(row.revision) }
}

function partOf(name: string, text: string): Buffer {
  const bytes = bytesOf(text)
  if (bytes.length > longestBytes) throw new TypeError(`${name} must have at most ${longestBytes} bytes, got ${bytes.length}`)
  return bytes
}

/** A number that is not a whole one fits no document, and is none for PostgreSQL either. */
const revisionOf = (revision: number): number => (Number.isSafeInteger(revision) ? revision : -1)

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
  const calls = keptCalls(database, schema, place.tenant)
  const texts = { ...changeTexts(schema, calls), ...readTexts(schema) }
  const count = postgresCounts(database, schema)
  const address = (collection: string, id: string): unknown[] => [place.kind, partOf('collection', collection), partOf('id', id)]

  /** Collections and ids, as a statement on several documents takes them. */
  const addresses = (documents: readonly DocumentAddress[]): readonly Buffer[][] => [
    documents.map(({ collection }) => partOf('collection', collection)),
    documents.map(({ id }) => partOf('id', id)),
  ]

  async function changed(
    statements: CallStatements,
    values: readonly unknown[],
    { collection, id, as, ...call }: DocumentAddress & StoreCall & { readonly as: 'put' | 'removed' },
  ): Promise<boolean> {
    const record = ['documents', place.kind, collection, id]
    const { row, made } = await calls.change({ statements, values, call, record, isDone: (answer) => answer.changed === true })
    return made === undefined ? row.changed === true : made === as
  }

  return {
    async get({ collection, id }) {
      const [row] = await database.operation((run) => run(texts.get, [place.tenant, ...address(collection, id)]))
      return row && documentOf(row)
    },
    async getMany(documents) {
      requireAtOnce(documents)
      const rows = await database.operation((run) => run(texts.getMany, [place.tenant, place.kind, ...addresses(documents)]))
      const found = new Map(rows.map((row) => [Number(row.place), documentOf(row)]))
      return documents.map((_, at) => found.get(at + 1))
    },
    async put({ value, revision, group, ...change }) {
      requireGroup(group)
      const values = [...address(change.collection, change.id), bytesOf(value), group === undefined ? null : bytesOf(group)]
      const how = { ...change, as: 'put' } as const
      return revision === 0 ? changed(texts.create, values, how) : changed(texts.change, [...values, revisionOf(revision)], how)
    },
    async remove({ revision, ...change }) {
      return changed(texts.remove, [...address(change.collection, change.id), revisionOf(revision)], { ...change, as: 'removed' })
    },
    async removeMany(changes, call) {
      requireAtOnce(changes)
      const values = [place.kind, ...addresses(changes), changes.map(({ revision }) => revisionOf(revision))]
      const record = ['documents', place.kind, ...changes.flatMap(({ collection, id }) => [collection, id])]
      const isDone = (row: Row): boolean => typeof row.places === 'string'
      const { row, made } = await calls.change({ statements: texts.removeMany, values, call, record, isDone })
      const removed = new Set((made?.replace(/^removed /, '') ?? (typeof row.places === 'string' ? row.places : '')).split(' '))
      return changes.map((_, at) => removed.has(String(at + 1)))
    },
    async list(query) {
      const { collection, after, offset, limit, group, idPrefix } = completeListQuery(query)
      const filter = group !== undefined ? 'group' : idPrefix !== undefined ? 'prefix' : 'all'
      const start = after !== undefined ? 'after' : offset > 0 ? 'offset' : 'first'
      const values: unknown[] = [place.tenant, place.kind, partOf('collection', collection), limit]
      if (filter !== 'all') values.push(bytesOf(group ?? idPrefix ?? ''))
      if (start !== 'first') values.push(after === undefined ? offset : bytesOf(after))
      const rows = await database.operation((run) => run(texts.page(filter, start), values))
      return rows.map(documentOf)
    },
    count: async ({ collection }) => count([place.tenant, place.kind, partOf('collection', collection)]),
    async scan(query) {
      const { limit, position } = completeScanQuery(query)
      const from = position && [bytesOf(position.collection), bytesOf(position.id)]
      const rows = await database.operation((run) =>
        run(from ? texts.scan : texts.scanFirst, [place.tenant, place.kind, ...(from ?? []), limit]),
      )
      const items = rows.map((row) => ({
        ...documentOf(row),
        collection: textOf(row.collection),
        group: row.group_name === null ? undefined : textOf(row.group_name),
      }))
      const last = items.length < limit ? undefined : items.at(-1)
      return { items, after: last && scanPosition(last) }
    },
  }
}
