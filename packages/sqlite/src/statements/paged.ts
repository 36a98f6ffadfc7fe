import type { Row, Value } from '../driver/driver.js'
import type { Tx } from '../driver/transaction.js'

/** So many rows one page looks at, at most: rows that ended or do not fit another filter are looked at and left out. */
const lookedAt = 1_000

/** What a page is read from, by an index. */
export interface PageSource {
  /** With its `where`; the values are {@link values}. */
  readonly from: string
  readonly values: readonly Value[]
  /** Columns of the order. */
  readonly order: readonly string[]
  /** Of the row behind which the page begins, a value for each column. */
  readonly behind: readonly Value[] | undefined
  readonly newestFirst: boolean
  /** What rows have to fit that the index does not know. */
  readonly fitting: string
  readonly fittingValues: readonly Value[]
  readonly limit: number
}

/** @returns rows, and the last row that was looked at where there may be others behind it */
export function readPage(tx: Tx, source: PageSource): { readonly rows: readonly Row[]; readonly end: Row | undefined } {
  const { order, behind, newestFirst, limit } = source
  const direction = newestFirst ? 'desc' : 'asc'
  const ordered = `order by ${order.map((column) => `${column} ${direction}`).join(', ')}`
  const place = behind ? `and (${order.join(', ')}) ${newestFirst ? '<' : '>'} (${order.map(() => '?').join(', ')})` : ''
  const looked = `from ${source.from} ${place} ${ordered}`
  const values = [...source.values, ...(behind ?? [])]
  const found = `select * from (select * ${looked} limit ${lookedAt}) where ${source.fitting} ${ordered} limit ?`
  const rows = tx.rows(found, ...values, ...source.fittingValues, limit)
  if (rows.length === limit) return { rows, end: rows.at(-1) }
  return { rows, end: tx.rows(`select ${order.join(', ')} ${looked} limit 1 offset ${lookedAt - 1}`, ...values)[0] }
}

/** Conditions on columns that have one value each; conditions that the query does not have are left out. */
export function conditionsOf(wanted: Readonly<Record<string, Value | undefined>>): {
  readonly sql: string
  readonly values: readonly Value[]
} {
  const given = Object.entries(wanted).filter((one): one is [string, Value] => one[1] !== undefined)
  return { sql: given.map(([column]) => `and ${column} = ?`).join(' '), values: given.map(([, value]) => value) }
}
