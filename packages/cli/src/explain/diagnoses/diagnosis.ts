import type { IssuerDescription, Reason, RefusalDetail } from '@countersign/core'
import type { DecodedToken } from '../decode-token.js'

/** A refusal, with what is known about it. */
export interface RefusedCase {
  readonly reason: Reason
  readonly detail: RefusalDetail
  /** The name of the issuer entry, as far as the guard came. */
  readonly via: string | undefined
  /** What failed, of an outage. */
  readonly cause: unknown
  readonly token: DecodedToken
  readonly issuers: readonly IssuerDescription[]
}

/** Where something must be changed, and to what. */
export type Change =
  /** One of the options of an issuer entry, or of the guard where `via` is undefined. */
  | { readonly at: 'config'; readonly via?: string | undefined; readonly options: readonly string[]; readonly to: string }
  /** A line of the request. */
  | { readonly at: 'request'; readonly line: string; readonly to: string }
  /** What makes the token. */
  | { readonly at: 'issuer'; readonly to: string }

/** Why a token is refused, and what to change. */
export interface Diagnosis {
  readonly cause: string
  readonly change: Change
}

/** Knows some reasons. */
export type Diagnose = (refused: RefusedCase) => Diagnosis

/** @param to - how the line of the request must be */
export const atRequest = (cause: string, line: string, to: string): Diagnosis => ({ cause, change: { at: 'request', line, to } })
/** @param to - what the issuer must do */
export const atIssuer = (cause: string, to: string): Diagnosis => ({ cause, change: { at: 'issuer', to } })

/** @param at - the entry and its options, the likeliest first; without `via` options of the guard */
export function inConfig(
  cause: string,
  at: { readonly via?: string | undefined; readonly options: readonly string[] },
  to: string,
): Diagnosis {
  return { cause, change: { at: 'config', ...at, to } }
}

/** A member as text; an empty text where it is none. */
export function textOf(object: Readonly<Record<string, unknown>> | undefined, name: string): string {
  const value = object?.[name]
  return typeof value === 'string' ? value : ''
}
