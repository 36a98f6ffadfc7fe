import type { Auth, Refusal } from '@countersign/core'
import type { TrustedIssuer } from '../issuers/trust.js'

/** What came of one token, with what events tell of it. */
export type Verdict =
  | { readonly ok: true; readonly auth: Auth; readonly cached: boolean }
  | { readonly ok: false; readonly refusal: Refusal; readonly via: string | undefined; readonly cached: boolean }

/** Whether it is there at once. Its own member: the prototype of objects and promises is anybody's in a process where a library pollutes it. */
export function isKnown(verdict: Verdict | Promise<Verdict>): verdict is Verdict {
  return Object.hasOwn(verdict, 'ok')
}

/** A refusal of a token, before or after its issuer was known. */
export function refused(refusal: Refusal, trusted?: TrustedIssuer, cached = false): Verdict & { readonly ok: false } {
  return { ok: false, refusal, via: trusted?.via, cached }
}

/** Bounds a text that came from outside, for events. */
export function bounded(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 197)}...`
}
