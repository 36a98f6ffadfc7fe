import type { FieldIssue } from './fields.js'

/** Why something was not done. */
export type IntegrationReason =
  /** A value is missing or wrong; `issues` says which. */
  | 'invalid'
  /** The token is a client's, or was obtained by an integration. */
  | 'not_a_person'
  /** The token does not show that the person signed in with more than one factor. */
  | 'mfa_required'
  /** The sign-in is longer ago than `maxAgeSeconds`, or the token does not say when it was. */
  | 'authentication_too_old'
  /** The person does not act for the entity. */
  | 'foreign_entity'
  | 'unknown_entity'
  | 'unknown_integration'
  | 'unknown_credential'
  | 'unknown_enrollment'
  /** The integration has as many credentials as it may. */
  | 'too_many_credentials'

/** Something was not done, and nothing was changed. */
export interface NotDone {
  readonly ok: false
  readonly reason: IntegrationReason
  /** With `invalid`. */
  readonly issues?: readonly FieldIssue[]
  /** With `authentication_too_old`. */
  readonly maxAgeSeconds?: number
}

/** What was done, or why not. */
export type Done<T extends object = object> = ({ readonly ok: true } & T) | NotDone

/** Says why something is not done. */
export function failed(reason: IntegrationReason, more: Pick<NotDone, 'issues' | 'maxAgeSeconds'> = {}): NotDone {
  return { ok: false, reason, ...more }
}
