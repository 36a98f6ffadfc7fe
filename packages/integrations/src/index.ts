export type { EnrollmentAddress } from './account-records.js'
export type { Actor, Creator, Operator } from './creator.js'
export type { Credentials } from './credentials.js'
export type { EnrolledFor, EnrolledForOptions } from './enrolled-for.js'
export type { Enrollments } from './enrollments.js'
export type { Done, Failed, IntegrationFault } from './fault.js'
export type { Field, FieldIssue, Problem } from './fields.js'
export type {
  CredentialView,
  Enrollment,
  EnrollmentPage,
  EnrollmentQuery,
  Integration,
  IntegrationView,
  NewCredential,
} from './integration.js'
export type { FoundClient, IntegrationClients, OwnedClient } from './integration-clients.js'
export {
  type IntegrationDialect,
  plainIntegrationDialect,
  type RequestFailure,
  type RequestIssue,
  requestFailure,
} from './integration-dialect.js'
export type { IntegrationsOptions } from './integration-options.js'
export type { IntegrationPaths } from './integration-paths.js'
export { type IntegrationRoutesOptions, integrationRoutes } from './integration-routes.js'
export { createIntegrations, type Integrations } from './integrations.js'
export type { OwnIntegrations } from './own-integrations.js'
export type { EnrollmentWish, IntegrationPolicies } from './policies.js'
