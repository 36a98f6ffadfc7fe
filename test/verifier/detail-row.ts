import type { Reason, RefusalDetail, WireRequest } from '@countersign/core'
import type { GuardOptions, Requirement } from '@countersign/verifier'

/** A request that is refused, and what the refusal tells in its detail. */
export interface Row {
  readonly what: string
  readonly reason: Reason
  readonly request: () => Promise<WireRequest | string> | WireRequest | string
  readonly detail: RefusalDetail | undefined
  readonly requirements?: readonly Requirement[]
  readonly options?: () => Partial<GuardOptions>
}

export const encoded = (text: string): string => Buffer.from(text).toString('base64url')
/** A token whose claims are written as the text says. */
export const written = (claims: string, header = '{"alg":"ES256"}'): string => `${encoded(header)}.${encoded(claims)}.AAAA`
