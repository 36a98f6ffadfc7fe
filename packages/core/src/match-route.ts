import type { Endpoint, Route, RouteTable } from './http.js'
import { checkOptions } from './options/check-options.js'
import { kind } from './options/kinds.js'
import type { OptionShape } from './options/option-kind.js'

/** What a table says to a method and a path. `allowed` names the methods that the path does have. */
export type RouteMatch =
  | { readonly outcome: 'matched'; readonly endpoint: Endpoint; readonly params: Readonly<Record<string, string>> }
  | { readonly outcome: 'wrong_method'; readonly allowed: readonly string[] }
  | { readonly outcome: 'bad_encoding' }
  | { readonly outcome: 'unknown' }

type Pattern = readonly { readonly text: string; readonly isParameter: boolean }[]

function compile(place: string, path: string): Pattern {
  if (!path.startsWith('/')) throw new TypeError(`${place} must begin with a slash, got ${JSON.stringify(path)}`)
  const pattern = path.split('/').map((text) => ({ text: text.startsWith(':') ? text.slice(1) : text, isParameter: text.startsWith(':') }))
  const names = pattern.filter((part) => part.isParameter).map((part) => part.text)
  if (names.includes('') || new Set(names).size !== names.length) {
    throw new TypeError(`${place} must have a different name for each parameter, got ${JSON.stringify(path)}`)
  }
  return pattern
}

const fits = (pattern: Pattern, segments: readonly string[]): boolean =>
  pattern.length === segments.length &&
  pattern.every(({ text, isParameter }, at) => (isParameter ? segments[at] !== '' : segments[at] === text))

function parametersOf(pattern: Pattern, segments: readonly string[]): Readonly<Record<string, string>> | undefined {
  try {
    return Object.fromEntries(
      pattern.flatMap((part, at) => (part.isParameter ? [[part.text, decodeURIComponent(segments[at] ?? '')]] : [])),
    )
  } catch {
    return undefined // decodeURIComponent throws for nothing but malformed escapes
  }
}

const shape: OptionShape<{ readonly table: RouteTable }> = {
  table: kind.required(
    kind.listOf(
      kind.members<Route>({
        method: kind.required(kind.string),
        path: kind.required(kind.string),
        endpoint: kind.required(kind.func),
      }),
      0,
    ),
  ),
}

/**
 * Prepares a table. Paths are compared segment by segment as sent, case and trailing slash included; only the values of
 * parameters are decoded. The first entry that fits is taken; HEAD is answered by the entry for GET.
 *
 * @throws TypeError for a path without leading slash, a parameter without a name, or a method and path given twice
 */
export function createRouteMatcher(table: RouteTable): (method: string, path: string) => RouteMatch {
  checkOptions('routes', { table }, shape)
  const routes = table.map((route, at) => ({ ...route, pattern: compile(`routes: table[${at}].path`, route.path) }))
  const keys = routes.map((route) => `${route.method} ${route.path}`)
  const again = keys.find((key, at) => keys.indexOf(key) < at)
  if (again !== undefined) throw new TypeError(`routes: table must not have a method and path twice, got ${JSON.stringify(again)} twice`)
  return (method, path) => {
    const segments = path.split('/')
    const candidates = routes.filter((route) => fits(route.pattern, segments))
    if (candidates.length === 0) return { outcome: 'unknown' }
    const wanted = method === 'HEAD' ? 'GET' : method
    const route = candidates.find((candidate) => candidate.method === wanted)
    if (route === undefined) {
      const methods = candidates.flatMap((candidate) => (candidate.method === 'GET' ? ['GET', 'HEAD'] : [candidate.method]))
      return { outcome: 'wrong_method', allowed: [...new Set(methods)] }
    }
    const params = parametersOf(route.pattern, segments)
    return params ? { outcome: 'matched', endpoint: route.endpoint, params } : { outcome: 'bad_encoding' }
  }
}
