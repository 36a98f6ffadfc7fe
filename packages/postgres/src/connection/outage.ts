import { isUnavailable, Unavailable } from '@countersign/core'
import { meaningOf } from './sqlstate.js'

/** What the caller is told. */
export function outage(cause: unknown): Unavailable {
  if (isUnavailable(cause)) return cause
  return new Unavailable('store_unavailable', { cause: new Error(meaningOf(cause).text, { cause }) })
}
