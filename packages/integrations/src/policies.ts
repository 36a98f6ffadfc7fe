import type { Auth } from '@countersign/core'
import type { Integration } from './integration.js'

/** What somebody wants to do to an enrollment. */
export interface EnrollmentWish {
  /** The entity that enrolls, or takes back. */
  readonly entity: string
  readonly integration: Integration
  readonly action: 'enroll' | 'unenroll'
}

/** Who may do what. Anything but `true` denies; what they throw is a reason of the program, except `Unavailable`. */
export interface IntegrationPolicies<A extends Auth = Auth> {
  /** Whether this person acts for the entity: sees, makes and ends its integrations, and sees its enrollments. */
  readonly mayManage: (auth: A, entity: string) => boolean | Promise<boolean>
  /** Whether this person may enroll that integration for the entity, or take it back. */
  readonly mayEnroll: (auth: A, wish: EnrollmentWish) => boolean | Promise<boolean>
  /**
   * Whether it is the token of a person, in addition to what is always demanded: a subject that is not the client, no `act`, and no
   * integration as the client.
   */
  readonly isPerson?: (auth: A) => boolean | Promise<boolean>
  /** Whether the person signed in with more than one factor, where the issuer says so elsewhere. @defaultValue `amr` has `mfa` (RFC 8176) */
  readonly provesMfa?: (auth: A) => boolean | Promise<boolean>
}
