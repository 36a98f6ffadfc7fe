import {
  completeListQuery,
  completeScanQuery,
  type DocumentAddress,
  type DocumentStore,
  requireAtOnce,
  requireGroup,
  type ScannedDocument,
  type StoredDocument,
  scanPosition,
} from '@countersign/core'
import type { Database } from './connection/database.js'
import { bytesOf, type Row, textOf, type Value } from './driver/driver.js'
import type { Tx } from './driver/transaction.js'
import { keptCalls } from './statements/kept-calls.js'

/** Keeps the collections of clients, keys and accounts apart. */
export type DocumentKind = 'clients' | 'keys' | 'accounts'

const within = 'tenant = ? and kind = ? and collection = ?'
const getSql = `select id, value, revision from countersign_documents where ${within} and id = ?`
const createSql = `insert into countersign_documents (tenant, kind, collection, id, value, group_name, revision) values (?, ?, ?, ?, ?, ?, 1)
  on conflict do nothing`
const changeSql = `update countersign_documents set value = ?, group_name = ?, revision = revision + 1 where ${within} and id = ? and revision = ?`
const removeSql = `delete from countersign_documents where ${within} and id = ? and revision = ?`
const countSql = `select count(*) as count from countersign_documents where ${within}`
const groupsSql = `select group_name, count(*) as count from countersign_documents where ${within} and group_name is not null
  group by group_name order by group_name`

/** What is left out is read from the index alone; only the page itself is read from the table. */
const pageSql = (filter: string, from: 'after' | 'offset'): string => {
  const first =
    from === 'after' ? 'id > ?' : `id >= (select id from countersign_documents where ${within} ${filter} order by id limit 1 offset ?)`
  return `select id, value, revision from countersign_documents where ${within} ${filter} and ${first} order by id limit ?`
}

const scanSql = (from: '' | 'and (collection, id) > (?, ?)'): string =>
  `select collection, id, value, revision, group_name from countersign_documents where tenant = ? and kind = ? ${from} order by collection, id limit ?`

function documentOf(row: Row): StoredDocument {
  return { id: textOf(row.id), value: textOf(row.value), revision: Number(row.revision) }
}

function scannedOf(row: Row): ScannedDocument {
  const group = row.group_name === null ? undefined : textOf(row.group_name)
  return { collection: textOf(row.collection), ...documentOf(row), group }
}

type Page = ReturnType<typeof completeListQuery>

/** SQL and values of a filter. */
function filterOf({ group, idPrefix }: Page): readonly [sql: string, ...values: Value[]] {
  if (group !== undefined) return ['and group_name = ?', bytesOf(group)]
  if (idPrefix === undefined) return ['']
  const prefix = bytesOf(idPrefix)
  return ['and id >= ? and id < ?', prefix, Buffer.concat([prefix, Buffer.of(0xff)])]
}

/** Lasting records. */
export function sqliteDocuments(database: Database, tenant: string, kind: DocumentKind): DocumentStore {
  const calls = keptCalls(tenant)
  const at = ({ collection, id }: DocumentAddress): readonly [string, string, Buffer, Buffer] => [
    tenant,
    kind,
    bytesOf(collection),
    bytesOf(id),
  ]
  const recordOf = ({ collection, id }: DocumentAddress): readonly string[] => ['documents', kind, collection, id]

  function get(tx: Tx, address: DocumentAddress): StoredDocument | undefined {
    const [row] = tx.rows(getSql, ...at(address))
    return row && documentOf(row)
  }

  /** One change of a document, by its call. */
  function changeOnce(
    tx: Tx,
    address: DocumentAddress,
    { callId, as }: { callId: string | undefined; as: string },
    change: () => number,
  ): boolean {
    if (calls.answer(tx, callId, recordOf(address)) === as) return true
    if (change() === 0) return false
    calls.keep(tx, callId, recordOf(address), as)
    return true
  }

  const remove = (tx: Tx, change: DocumentAddress & { readonly revision: number }, callId: string | undefined): boolean =>
    changeOnce(tx, change, { callId, as: 'removed' }, () => tx.run(removeSql, ...at(change), change.revision))

  return {
    get: (address) => database.read((tx) => get(tx, address)),
    async getMany(addresses) {
      requireAtOnce(addresses)
      return database.read((tx) => addresses.map((address) => get(tx, address)))
    },
    async put({ value, revision, group, ...change }) {
      requireGroup(group)
      const callId = database.givenId(change)
      const values = [bytesOf(value), group === undefined ? null : bytesOf(group)] as const
      return database.write((tx) =>
        changeOnce(tx, change, { callId, as: 'put' }, () =>
          revision === 0 ? tx.run(createSql, ...at(change), ...values) : tx.run(changeSql, ...values, ...at(change), revision),
        ),
      )
    },
    async remove(change) {
      const callId = database.givenId(change)
      return database.write((tx) => remove(tx, change, callId))
    },
    async removeMany(changes, call) {
      requireAtOnce(changes)
      const callId = database.givenId(call)
      return database.write((tx) => changes.map((change) => remove(tx, change, callId)))
    },
    async list(query) {
      const page = completeListQuery(query)
      const { collection, after, offset, limit } = page
      const [filter, ...filtered] = filterOf(page)
      const place = [tenant, kind, bytesOf(collection), ...filtered]
      return database.read((tx) => {
        const rows =
          after === undefined
            ? tx.rows(pageSql(filter, 'offset'), ...place, ...place, offset, limit)
            : tx.rows(pageSql(filter, 'after'), ...place, bytesOf(after), limit)
        return rows.map(documentOf)
      })
    },
    async scan(query) {
      const { limit, position } = completeScanQuery(query)
      const items = await database.read((tx) => {
        const rows = position
          ? tx.rows(scanSql('and (collection, id) > (?, ?)'), ...at(position), limit)
          : tx.rows(scanSql(''), tenant, kind, limit)
        return rows.map(scannedOf)
      })
      const last = items.length < limit ? undefined : items.at(-1)
      return { items, after: last && scanPosition(last) }
    },
    count: ({ collection }) =>
      database.read((tx) => {
        const place = [tenant, kind, bytesOf(collection)]
        const groups = tx.rows(groupsSql, ...place).map((row) => ({ group: textOf(row.group_name), count: Number(row.count) }))
        return { total: Number(tx.rows(countSql, ...place)[0]?.count), groups }
      }),
  }
}
