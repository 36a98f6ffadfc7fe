import type { Requirement } from './auth.js'
import { headerField } from './header-fields.js'
import type { WireRequest } from './http.js'
import { checkOptions, shownValue } from './options/check-options.js'
import { kind } from './options/kinds.js'
import type { OptionShape } from './options/option-kind.js'
import type { CookiePlace, FixedTokenPlaces, TokenPlaces } from './token-place-types.js'

/** RFC 9110 §5.6.2: the characters of a field name, and of the name of a cookie (RFC 6265 §4.1.1). */
const isToken = (value: unknown): boolean => typeof value === 'string' && /^[!#$%&'*+.^_`|~\dA-Za-z-]+$/.test(value)
const fieldName = kind.satisfying('the name of a header field', isToken)

/** The kinds of {@link TokenPlaces}, for a factory that hands them on. */
export const tokenPlacesShape: OptionShape<TokenPlaces> = {
  header: kind.either(fieldName, kind.listOf(fieldName)),
  cookie: kind.members<CookiePlace>({
    name: kind.required(kind.satisfying('the name of a cookie', isToken)),
    csrf: kind.required(kind.func),
  }),
  query: kind.flag,
  body: kind.flag,
}

/** Fixes places at the start, in members of their own. They were checked. */
export function fixedTokenPlaces({ header = 'authorization', cookie, query = false, body = false }: TokenPlaces = {}): FixedTokenPlaces {
  const names = [header].flat().map((name) => name.toLowerCase())
  const headers = Object.freeze(names.filter((name) => name !== 'authorization'))
  return Object.freeze({
    authorization: names.includes('authorization'),
    headers,
    cookie: cookie && Object.freeze({ ...cookie }),
    query,
    body,
  })
}

/**
 * Names where the token of one route stands, in place of the option `tokenFrom` of the guard.
 *
 * @throws TypeError if an option is wrong
 * @example
 * ```ts fragment
 * app.get('/download', protect(guard, tokenFrom({ query: true })), download)
 * ```
 */
export function tokenFrom(places: TokenPlaces): Requirement<unknown> {
  checkOptions('tokenFrom', places, tokenPlacesShape)
  return Object.freeze(Object.assign((): undefined => undefined, { tokenFrom: fixedTokenPlaces(places) }))
}

/**
 * A function for `csrf`: a request is accepted if the browser says that it comes from the same origin (`Sec-Fetch-Site`), or else if its `Origin` is one of yours.
 *
 * @param origins - for instance `https://app.example`
 * @throws TypeError if one is not an origin
 * @example
 * ```ts
 * import { sameOrigin, tokenFrom } from '@countersign/core'
 *
 * const fromCookie = tokenFrom({ cookie: { name: '__Host-token', csrf: sameOrigin('https://app.example') } })
 * ```
 */
export function sameOrigin(...origins: readonly string[]): (request: WireRequest) => boolean {
  const wrong = origins.find((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin)
  if (origins.length === 0 || wrong !== undefined)
    throw new TypeError(
      `sameOrigin: origins must be one or more origins such as https://app.example, got ${origins.length === 0 ? 'none' : shownValue(wrong)}`,
    )
  return (request) => {
    const [site, origin] = [headerField(request, 'sec-fetch-site'), headerField(request, 'origin')]
    return site === 'same-origin' || (typeof origin === 'string' && origins.includes(origin))
  }
}
