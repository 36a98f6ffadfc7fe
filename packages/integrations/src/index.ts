export type { EnrollmentAddress } from './accounts/account-records.js'
export type { Actor, Creator, Operator } from './accounts/creator.js'
export type { Credentials } from './credentials.js'
export type { EnrolledFor, EnrolledForOptions } from './enrollments/enrolled-for.js'
export type { Enrollments } from './enrollments/enrollments.js'
export type { EntityIntegrations } from './entity-integrations.js'
export type { Field, FieldIssue, Problem } from './fields.js'
export {
  type IntegrationDialect,
  plainIntegrationDialect,
  type RequestIssue,
  type RequestRefusal,
  requestRefusal,
} from './http/integration-dialect.js'
export type { IntegrationPaths } from './http/integration-paths.js'
export { type IntegrationRoutesOptions, integrationRoutes } from './http/integration-routes.js'
export type {
  CredentialView,
  Enrollment,
  EnrollmentPage,
  EnrollmentQuery,
  Integration,
  IntegrationPage,
  IntegrationQuery,
  IntegrationView,
  NewCredential,
} from './integration.js'
export type { FoundClient, IntegrationClients, OwnedClient } from './integration-clients.js'
export type { IntegrationsOptions } from './integration-options.js'
export type { IntegrationViews } from './integration-views.js'
export { createIntegrations, type Integrations } from './integrations.js'
export type { EnrollmentWish, IntegrationPolicies } from './policies.js'
export type { Done, IntegrationReason, NotDone } from './reason.js'
