/** Path and query that every reader of URLs splits alike. At any other character, the routers of Express and Koa parse the target anew. */
const originForm = /^\/[^\s#]*$/
/** RFC 9112 §3.2.2, with a host and a port that every reader of URLs splits off alike, and characters that none replaces. */
const absoluteForm = /^https?:\/\/(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?(?<path>(?:[/?][\w.~!$&()*+,;=:@%/?-]*)?)$/i

/**
 * The path by which a router of Express or Koa takes a request.
 *
 * A router reads some targets in its own way: to Express, the path of `http://a:x/health` is `/:x/health`. A decision by the path must not
 * read them in another way.
 *
 * @param target - `originalUrl` or `url` of a request
 * @returns the path as sent, without query; undefined for a target that can be read in more than one way
 * @example
 * routedPath('http://api.example/health?x=1') // '/health'
 */
export function routedPath(target: string): string | undefined {
  const routed = originForm.test(target) ? target : absoluteForm.exec(target)?.groups?.path
  if (routed === undefined) return undefined
  const [path = ''] = routed.split('?', 1)
  return path === '' ? '/' : path
}
