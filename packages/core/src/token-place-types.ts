import type { WireRequest } from './http.js'

/** A cookie that holds a token. A browser sends it with requests of other sites too. */
export interface CookiePlace {
  readonly name: string
  /**
   * Whether a request with another method than GET, HEAD or OPTIONS comes from a page of yours. It gets the request; `frameworkRequest` is that of
   * Express or Koa. `sameOrigin` makes one.
   */
  readonly csrf: (request: WireRequest) => boolean
}

/** Where tokens are accepted. One request has one token: two of them, in two places, are refused. */
export interface TokenPlaces {
  /**
   * The fields that hold a token, in any case. A field other than `authorization` holds the token alone. Where this is given, `Authorization` is read only if it is named.
   * @defaultValue `'authorization'`
   */
  readonly header?: string | readonly string[]
  /** Read only if no other place has a token. @defaultValue none */
  readonly cookie?: CookiePlace
  /** The query parameter `access_token` (RFC 6750 §2.3). Logs and histories keep URLs: avoid it. @defaultValue false */
  readonly query?: boolean
  /** The field `access_token` of a form that the host has parsed (RFC 6750 §2.2). @defaultValue false */
  readonly body?: boolean
}

/** {@link TokenPlaces} as a guard reads them. */
export interface FixedTokenPlaces {
  /** Whether the field `Authorization` is read. */
  readonly authorization: boolean
  /** Names of the other fields, in lower case. */
  readonly headers: readonly string[]
  readonly cookie: CookiePlace | undefined
  readonly query: boolean
  readonly body: boolean
}
