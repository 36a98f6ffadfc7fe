import type { DocumentAddress, DocumentStore, StoreCall, StoredDocument } from '@countersign/core'
import { timelyColumn, timelyCte } from './calls.js'
import type { Database } from './database.js'
import { bytesOf, type Row, textOf } from './driver.js'
import { type CallStatements, type KeptCalls, keptCalls } from './kept-calls.js'

/** Both together have to fit an entry of an index. */
const longestBytes = 1_000

function textsOf(schema: string, calls: KeptCalls) {
  const table = `${schema}.documents`
  const verdict = (column: string): string => `select ${timelyColumn}, ${column}, exists (select from changed) as changed`
  const within = 'tenant = $1 and kind = $2 and collection = $3'
  return {
    get: `select id, value, revision::text from ${table} where ${within} and id = $4`,
    create: calls.statements(
      7,
      ({ made, unmade, keep, column }) => `with ${timelyCte('$6')}${made},
      changed as (
        insert into ${table} (tenant, kind, collection, id, value, revision)
        select $1, $2, $3, $4, $5, 1 from timely where true ${unmade} on conflict do nothing returning true
      )${keep("'put'", 'changed')} ${verdict(column)}`,
    ),
    change: calls.statements(
      8,
      ({ made, unmade, keep, column }) => `with ${timelyCte('$7')}${made},
      changed as (
        update ${table} set value = $5, revision = revision + 1
        where ${within} and id = $4 and revision = $6 and exists (select from timely) ${unmade} returning true
      )${keep("'put'", 'changed')} ${verdict(column)}`,
    ),
    remove: calls.statements(
      7,
      ({ made, unmade, keep, column }) => `with ${timelyCte('$6')}${made},
      changed as (
        delete from ${table} where ${within} and id = $4 and revision = $5 and exists (select from timely) ${unmade} returning true
      )${keep("'removed'", 'changed')} ${verdict(column)}`,
    ),
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
  const calls = keptCalls(database, schema, place.tenant)
  const texts = textsOf(schema, calls)
  const address = (collection: string, id: string): unknown[] => [place.kind, partOf('collection', collection), partOf('id', id)]

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
    async put({ value, revision, ...change }) {
      const values = [...address(change.collection, change.id), bytesOf(value)]
      const how = { ...change, as: 'put' } as const
      return revision === 0 ? changed(texts.create, values, how) : changed(texts.change, [...values, revision], how)
    },
    async remove({ revision, ...change }) {
      return changed(texts.remove, [...address(change.collection, change.id), revision], { ...change, as: 'removed' })
    },
    async list({ collection, after, limit = 100 }) {
      const values = [place.tenant, place.kind, partOf('collection', collection), after === undefined ? null : bytesOf(after), limit]
      return (await database.operation((run) => run(texts.list, values))).map(documentOf)
    },
  }
}
