import { jsonReply, type Reply } from '@countersign/core'
import type { Problem } from '../fields.js'
import type { Enrollment, EnrollmentPage, Integration, IntegrationView, NewCredential } from '../integration.js'
import type { IntegrationReason } from '../reason.js'

/** A value of a request that is wrong. */
export interface RequestIssue {
  readonly place: 'path' | 'query' | 'body'
  /** Of the parameter or member, as it is on the wire. */
  readonly name: string
  readonly problem: Problem
  /** With `not_listed`. */
  readonly accepted?: readonly string[]
}

/** Why a request was not fulfilled. */
export interface RequestRefusal {
  /** `unreadable_body`: not JSON, no object, too large. */
  readonly reason: IntegrationReason | 'unreadable_body'
  /** What the default dialect answers. */
  readonly status: number
  /** A fixed text. */
  readonly description: string
  /** With `invalid`; else empty. */
  readonly issues: readonly RequestIssue[]
  /** With `authentication_too_old`. */
  readonly maxAgeSeconds?: number
}

/**
 * How an API words its answers. All but `refusal` give what is sent as JSON; the routes add the status and `Cache-Control`, and
 * `WWW-Authenticate` to a 401.
 */
export interface IntegrationDialect {
  readonly created: (made: NewCredential & { readonly integration: Integration }) => unknown
  readonly integrations: (list: readonly IntegrationView[]) => unknown
  readonly credential: (made: NewCredential) => unknown
  readonly enrollment: (enrollment: Enrollment) => unknown
  readonly enrollments: (page: EnrollmentPage) => unknown
  readonly refusal: (refusal: RequestRefusal) => Reply
}

type FailureWire = readonly [status: number, description: string]

const wire: Readonly<Record<RequestRefusal['reason'], FailureWire>> = {
  invalid: [400, 'A value is missing or wrong.'],
  unreadable_body: [400, 'The body is a JSON object.'],
  not_a_person: [403, 'This is for persons: an integration manages no integrations.'],
  mfa_required: [403, 'The sign-in needs a second factor.'],
  authentication_too_old: [401, 'A more recent sign-in is required.'],
  foreign_entity: [403, 'You do not act for this entity.'],
  unknown_entity: [404, 'The entity does not exist.'],
  unknown_integration: [404, 'The integration does not exist.'],
  unknown_credential: [404, 'The credential does not exist.'],
  unknown_enrollment: [404, 'The enrollment does not exist.'],
  too_many_credentials: [409, 'The integration has as many credentials as it may.'],
}

/** Completes a refusal with its status and its text. */
export function requestRefusal(
  reason: RequestRefusal['reason'],
  more: Partial<Pick<RequestRefusal, 'status' | 'issues' | 'maxAgeSeconds'>> = {},
): RequestRefusal {
  const [status, description] = wire[reason]
  return { reason, status, description, issues: [], ...more }
}

const errors: Readonly<Partial<Record<RequestRefusal['reason'], string>>> = {
  invalid: 'invalid_request',
  unreadable_body: 'invalid_request',
  authentication_too_old: 'insufficient_user_authentication',
}

function shownIntegration({ clientId, entity, title, type, createdAt, isBeingDeleted }: Integration): object {
  return { client_id: clientId, entity_id: entity, title, type, created_at: createdAt, ...(isBeingDeleted && { ending: true }) }
}

function shownCredential({ clientId, credentialId, secret }: NewCredential): object {
  return { client_id: clientId, client_secret: secret, credential_id: credentialId }
}

function shownEnrollment(enrollment: Enrollment): object {
  const { id, clientId, entity, entityName, createdAt, integrationTitle, integrationType } = enrollment
  const integration = { integration_title: integrationTitle, integration_type: integrationType }
  return { id, client_id: clientId, entity_id: entity, entity_name: entityName, created_at: createdAt, ...integration }
}

/** Members in snake case, errors as RFC 6749 §5.2 words them. */
export const plainIntegrationDialect: IntegrationDialect = Object.freeze<IntegrationDialect>({
  created: (made) => ({ ...shownIntegration(made.integration), ...shownCredential(made) }),
  integrations: (list) => ({
    integrations: list.map((one) => ({
      ...shownIntegration(one),
      locked: one.isLocked,
      credentials: one.credentials.map(({ id, title, createdAt, lastUsedAt }) => ({
        credential_id: id,
        title,
        created_at: createdAt,
        last_used_at: lastUsedAt,
      })),
    })),
  }),
  credential: shownCredential,
  enrollment: shownEnrollment,
  enrollments: ({ enrollments, pageNumber, pageSize, pageCount, totalCount, types }) => ({
    page_number: pageNumber,
    page_size: pageSize,
    page_count: pageCount,
    total_count: totalCount,
    integration_types: types,
    enrollments: enrollments.map(shownEnrollment),
  }),
  refusal: ({ reason, status, description, issues }) =>
    jsonReply(status, { error: errors[reason] ?? reason, error_description: description, ...(issues.length > 0 && { issues }) }),
})
