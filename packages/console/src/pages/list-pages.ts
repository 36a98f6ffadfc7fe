import { pager } from '../html/elements.js'
import type { Html } from '../html/html.js'
import type { Visit } from '../screen/screen.js'

/** How many items a page of a list has. */
export const itemsPerPage = 25

/** The number of a page, from the query. */
export function pageNumberOf(visit: Pick<Visit, 'query'>): number {
  const given = visit.query('page') ?? '1'
  return /^[1-9]\d{0,6}$/.test(given) ? Number(given) : 1
}

/** Links to the pages around one that has a number. */
export function numberedPager(pageNumber: number, pageCount: number, at: (page: string) => string): Html | undefined {
  if (pageCount <= 1) return undefined
  return pager({
    previous: pageNumber > 1 ? at(String(Math.min(pageNumber - 1, pageCount))) : undefined,
    next: pageNumber < pageCount ? at(String(pageNumber + 1)) : undefined,
    text: `Page ${pageNumber} of ${pageCount}`,
  })
}

/** Links of a list that is read from one place on: to its beginning, and further. */
export function cursorPager(
  visit: Visit,
  path: string,
  query: Readonly<Record<string, string | undefined>>,
  after: string | undefined,
): Html | undefined {
  const isFirst = visit.query('after') === undefined
  if (isFirst && after === undefined) return undefined
  return pager({
    previous: isFirst ? undefined : visit.link(path, query),
    previousLabel: 'First page',
    next: after === undefined ? undefined : visit.link(path, { ...query, after }),
    text: after === undefined ? 'The end of the list' : '',
  })
}
