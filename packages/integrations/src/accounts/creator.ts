import type { Auth } from '@countersign/core'

/** The host itself, for instance in a script: no policy is asked. Never make one out of what a request says. */
export interface Operator {
  /** A name for the records and for events. */
  readonly operator: string
}

/** Who does something: the person whom a guard admitted, or the host. */
export type Actor<A extends Auth = Auth> = A | Operator

/** Who did something, as it is recorded. */
export type Creator = { readonly issuer: string; readonly subject: string } | Operator
