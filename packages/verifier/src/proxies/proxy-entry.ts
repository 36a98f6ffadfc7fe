import type { TokenPlaces } from '@countersign/core'
import type { IssuerEntry } from '../issuers/issuer-entry.js'

/** The entry of a proxy that signs in people, and adds a token to each request. */
export interface ProxyEntry extends IssuerEntry {
  /** Where the proxy puts the token: for the option `tokenFrom` of the guard. */
  readonly tokenFrom: TokenPlaces
}
