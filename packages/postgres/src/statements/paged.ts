/** So many rows one page looks at, at most: rows that ended or do not fit another filter are looked at and left out. */
export const lookedAt = 5_000

/** Parts of a statement that reads a page in an order and its reverse. */
export interface PageOrder {
  readonly behind: '>' | '<'
  readonly direction: 'asc' | 'desc'
}

const forwards: PageOrder = { behind: '>', direction: 'asc' }
const backwards: PageOrder = { behind: '<', direction: 'desc' }

/** The statement for one order, and for the reverse. */
export interface PageTexts {
  readonly oldestFirst: string
  readonly newestFirst: string
}

/** Both forms of a statement. */
export function pageTexts(text: (order: PageOrder) => string): PageTexts {
  return { oldestFirst: text(forwards), newestFirst: text(backwards) }
}
