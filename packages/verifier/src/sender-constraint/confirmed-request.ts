import type { WireRequest } from '@countersign/core'

/** RFC 6750 §2.1 and RFC 9449 §7.1. */
export type TokenScheme = 'Bearer' | 'DPoP'

/** A token and its proof that were accepted for a request: a second check of the same request finds them again. */
export interface Proved {
  readonly token: string
  readonly proof: string
}

/** What a confirmation needs to know of a request. */
export interface ConfirmedRequest {
  readonly request: WireRequest
  readonly presented: { readonly token: string; readonly scheme: TokenScheme }
  /** What an earlier check of the same request accepted. */
  readonly proved: Proved | undefined
  /** False: the id of the proof is not claimed. */
  readonly record?: boolean | undefined
}
