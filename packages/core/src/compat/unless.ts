import { requestUrl, type WireRequest } from '../http.js'
import { checkOptions } from '../options/check-options.js'
import { kind } from '../options/kinds.js'
import type { OptionShape } from '../options/option-kind.js'
import { routedPath } from '../request-target.js'

/** A path that is left out, with the methods for which that holds. */
export interface UnlessPath {
  readonly url: string | RegExp
  /** @defaultValue every method */
  readonly method?: string | readonly string[]
  readonly methods?: string | readonly string[]
}

/** Which requests a middleware lets pass unchecked, as `express-unless` and `koa-unless` say it. One that fits is enough. */
export interface UnlessOptions<R = object> {
  /** Whole paths, without the query, or expressions that match a part of them. A target that a router may read in another way has none. */
  readonly path?: string | RegExp | UnlessPath | readonly (string | RegExp | UnlessPath)[]
  /** Ends of paths, for instance `.css`. */
  readonly ext?: string | readonly string[]
  readonly method?: string | readonly string[]
  /** Whether paths are compared with the path that the client sent, and not with what is left of it in a router. @defaultValue true */
  readonly useOriginalUrl?: boolean
  /** Gets the framework's request; a promise is waited for. */
  readonly custom?: (request: R) => unknown
}

const expression = kind.satisfying('a RegExp', (value) => value instanceof RegExp)
const pathKind = kind.either(
  kind.string,
  expression,
  kind.members<UnlessPath>({ url: kind.required(kind.either(kind.string, expression)), method: kind.strings, methods: kind.strings }),
)

const shape: OptionShape<UnlessOptions> = {
  path: kind.either(pathKind, kind.listOf(pathKind, 0)),
  ext: kind.strings,
  method: kind.strings,
  useOriginalUrl: kind.flag,
  custom: kind.func,
}

const matches = (pattern: string | RegExp, path: string): boolean =>
  // Not `test`: an expression with the flag g would miss every other request.
  typeof pattern === 'string' ? pattern === path : path.search(pattern) !== -1

function fitsPath(one: string | RegExp | UnlessPath, path: string, method: string): boolean {
  if (typeof one === 'string' || one instanceof RegExp) return matches(one, path)
  const methods = one.method ?? one.methods
  return matches(one.url, path) && (methods === undefined || [methods].flat().includes(method))
}

/**
 * Says which requests are left out.
 *
 * @param factory - what messages of errors begin with
 * @param options - see {@link UnlessOptions}; a function is `custom`
 * @returns a function of the request and the framework's request
 * @throws TypeError for an option that is unknown or wrong
 * @example
 * const isLeftOut = createUnless('expressJwt.unless', { path: ['/login'] })
 */
export function createUnless<R>(
  factory: string,
  options: UnlessOptions<R> | NonNullable<UnlessOptions<R>['custom']>,
): (request: WireRequest, frameworkRequest: R) => Promise<boolean> {
  const given: UnlessOptions<R> = typeof options === 'function' ? { custom: options } : options
  checkOptions(factory, given, shape)
  const { path = [], ext = [], method = [], useOriginalUrl = true, custom } = given
  const [paths, ends, methods] = [[path].flat(), [ext].flat(), [method].flat()]
  return async (request, frameworkRequest) => {
    const url = useOriginalUrl ? requestUrl(request) : ((frameworkRequest as { readonly url?: string }).url ?? '')
    const [requested, by] = [routedPath(url), request.method ?? '']
    // A target that a router may read in another way is not left out by its path.
    if (requested !== undefined && (paths.some((one) => fitsPath(one, requested, by)) || ends.some((end) => requested.endsWith(end))))
      return true
    return methods.includes(by) || (custom !== undefined && Boolean(await custom(frameworkRequest)))
  }
}
