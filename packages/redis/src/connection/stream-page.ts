import type { Page } from '@countersign/core'
import type { RedisAccess } from './access.js'

/** An entry of a Stream that has not ended. */
export interface StreamRow {
  readonly id: string
  readonly entry: string
  readonly ttlMs: number | undefined
  /** The last field, or ''. */
  readonly last: string
}

/** Which part of a Stream is read. */
export interface StreamQuery {
  /** An id. */
  readonly after?: string | undefined
  readonly limit: number
  readonly newestFirst: boolean
  /** Ids within which is looked. @defaultValue all */
  readonly first?: string | undefined
  readonly last?: string | undefined
}

/** Entries that one command reads: Redis serves nobody else meanwhile. */
const entriesPerRead = 1_000
const entriesAtFirst = 100
/** Entries that one page looks at, at most: a Stream has no index for a filter. */
const lookedAt = 5_000
/** Fields of an entry in an answer, its id among them. */
const width = 4

function rowsOf([now = '', ...flat]: readonly string[]): readonly (StreamRow | string)[] {
  return Array.from({ length: flat.length / width }, (_, at) => {
    const [id = '', entry = '', ends = '', last = ''] = flat.slice(at * width, at * width + width)
    const ttlMs = ends === '' ? undefined : Number(ends) - Number(now)
    return ttlMs !== undefined && ttlMs <= 0 ? id : { id, entry, ttlMs, last }
  })
}

/**
 * A page of a Stream.
 *
 * @param select - what is shown of an entry, undefined for one that does not fit
 */
export async function streamPage<T>(
  { reads }: RedisAccess,
  key: string,
  { after, limit, newestFirst, first = '-', last = '+' }: StreamQuery,
  select: (row: StreamRow) => T | undefined,
): Promise<Page<T>> {
  const items: T[] = []
  // Redis refuses a range that ends before the first id of all
  const isNothing = (exclusiveEnd: string): boolean => /^\(0+-0+$/.test(exclusiveEnd)
  const [begin, end] = newestFirst ? [last, first] : [first, last]
  const command = newestFirst ? 'XREVRANGE' : 'XRANGE'
  let from = after === undefined ? begin : `(${after}`
  if (isNothing(last) || (newestFirst && isNothing(from))) return { items, after: undefined }
  for (let looked = 0, count = Math.max(limit, entriesAtFirst); looked < lookedAt; looked += count, count = entriesPerRead) {
    // each reading has a limit of time of its own
    const answer = await reads.read(() => reads.run('readStream', key, command, from, end, count))
    const rows = rowsOf((answer as readonly unknown[]).map(String))
    for (const row of rows) {
      const id = typeof row === 'string' ? row : row.id
      const item = typeof row === 'string' ? undefined : select(row)
      if (item !== undefined) items.push(item)
      from = `(${id}`
      if (items.length === limit) return { items, after: id }
    }
    if (rows.length < count) return { items, after: undefined }
  }
  return { items, after: from.slice(1) }
}
