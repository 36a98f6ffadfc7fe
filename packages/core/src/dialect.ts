import type { Reply } from './http.js'
import type { Refusal } from './refusal.js'

/**
 * How an API words its answers. Status and challenge are decided before it is asked; it gives the body.
 * A dialect that throws is a fault of the program, not of the client.
 */
export interface Dialect {
  /** Body and header fields for a refusal. `WWW-Authenticate`, `Retry-After` and the status are added by the caller. */
  refusal(refusal: Refusal): Pick<Reply, 'headers' | 'body'>
}
