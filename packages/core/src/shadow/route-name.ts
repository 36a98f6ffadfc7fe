/** A segment that names a part of the API, and no value: letters, and perhaps a version. */
const isName = (segment: string): boolean => segment === '' || /^(?:[a-z][a-z_.~-]{0,39}|v\d{1,3})$/i.test(segment)

const maxLength = 200
const bounded = (text: string): string => (text.length <= maxLength ? text : `${text.slice(0, maxLength - 3)}...`)

/** A path in which values are replaced: ids, names with digits and the like. */
function withoutValues(path: string): string {
  return path
    .split('/', 20)
    .map((segment) => (isName(segment) ? segment : ':value'))
    .join('/')
}

/** Where a request was routed to. */
export interface RoutedRequest {
  readonly method: string | undefined
  /** Path and query as sent. */
  readonly url: string
  /** The path under which the router is mounted, as sent. */
  readonly mountedAt?: string | undefined
  /** The pattern of the route, where the framework knows it. */
  readonly pattern?: unknown
}

/**
 * A name for the route of a request, of which there are few: without the values in the path, and without the query.
 *
 * @returns for instance `GET /users/:id`; at most 200 characters
 * @example
 * routeName({ method: 'GET', url: '/users/7?x=1' }) // 'GET /users/:value'
 */
export function routeName({ method = '', url, mountedAt = '', pattern }: RoutedRequest): string {
  const path = url.split('?', 1)[0] ?? ''
  return bounded(`${method} ${typeof pattern === 'string' ? withoutValues(mountedAt) + pattern : withoutValues(path)}`)
}
