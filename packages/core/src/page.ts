/** Which part of something long is read. */
export interface PageQuery {
  /** Begins behind the page that answered this `after`. @defaultValue the first page */
  readonly after?: string | undefined
  /** At most so many items, 1 to {@link longestPage}. @defaultValue 100 */
  readonly limit?: number | undefined
}

/**
 * A part of something long. It may have fewer items than the limit, also none, and still be followed by others: a store that has no index
 * for a filter looks through a bounded number of entries for each page. Only `after` tells the end.
 */
export interface Page<T> {
  readonly items: readonly T[]
  /** Where the next page begins: hand it over as it is. Undefined: this was the last page. */
  readonly after: string | undefined
}

/** How many items a page has at most. */
export const longestPage = 1_000

/**
 * Checks the limit of a page, for an adapter.
 *
 * @param operation - for the error, such as `revocations.page`
 * @returns the limit, with its default
 * @throws TypeError if it is not a whole number from 1 to 1000
 */
export function requirePageLimit(operation: string, limit = 100): number {
  if (!(Number.isSafeInteger(limit) && limit >= 1 && limit <= longestPage))
    throw new TypeError(`${operation}: limit must be a whole number from 1 to ${longestPage}, got ${limit}`)
  return limit
}

/** The error for an `after` that no page answered, for an adapter. */
export function wrongAfter(operation: string): TypeError {
  return new TypeError(`${operation}: after must be what a page of the same store answered`)
}

/**
 * Reads all pages, one after the other.
 *
 * @param read - answers the page behind `after`
 * @example
 * const pages = { first: { items: [1, 2], after: 'second' }, second: { items: [3], after: undefined } }
 * const items: number[] = []
 * for await (const item of allItems(async (after = 'first') => pages[after as keyof typeof pages])) items.push(item)
 * console.log(items) // → [1, 2, 3]
 */
export async function* allItems<T>(read: (after: string | undefined) => Promise<Page<T>>): AsyncGenerator<T, void, undefined> {
  for (let after: string | undefined; ; ) {
    const page = await read(after)
    yield* page.items
    if (page.after === undefined) return
    after = page.after
  }
}
