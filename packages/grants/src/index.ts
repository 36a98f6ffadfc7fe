export type { TrustedTokens } from './assertions/trusted-token.js'
export type { UsedKey } from './assertions/used-key.js'
export type {
  AuthenticatedClient,
  AuthenticationContext,
  ClientVerdict,
  IdAndSecret,
  PresentedClient,
} from './authentication/authenticate-client.js'
export type { ClientChanges } from './clients/client-changes.js'
export { type Clients, createClients, type ListedClient, type UsedSecretView } from './clients/clients.js'
export {
  type ClientRegistration,
  type ClientsOptions,
  clientsShape,
  type IssuedSecret,
  type SecretSettings,
} from './clients/clients-options.js'
export type { AssertionRules } from './clients/record/assertion-rules.js'
export type { Client, ClientMethod, ClientSettings, CompleteSettings, SecretView } from './clients/record/client.js'
export type { RefreshPolicy } from './clients/record/refresh-policy.js'
export { createClientAuthenticator } from './endpoint/client-authenticator.js'
export { rfc6749, type TokenContext, type TokenDialect, type TokenResponse } from './endpoint/reply.js'
export { createTenantEndpoint, type TenantEndpointOptions } from './endpoint/tenants.js'
export { clientCredentials } from './grants/client-credentials.js'
export type { ExchangeDecision, ExchangePolicy, ExchangeRequest, PresentedSubject } from './grants/exchange-policy.js'
export type {
  Authentication,
  Challenged,
  Grant,
  GrantAnswer,
  Granted,
  Grantee,
  GrantPlan,
  GrantRequest,
  GrantStores,
  Identification,
  StartedFamily,
  TokenChallenge,
  Validated,
} from './grants/grant.js'
export { type JwtBearerOptions, jwtBearer } from './grants/jwt-bearer.js'
export { type TokenExchangeOptions, tokenExchange } from './grants/token-exchange.js'
export type { Budget, RateLimits } from './limits/budget.js'
export { type RefreshTokenOptions, refreshToken, refreshTokenShape } from './refresh/refresh-token.js'
export { type AssertionReason, refuseToken, type TokenReason, type TokenRefusal, type TokenRefused } from './refusal.js'
export type { Audit, AuditRecord } from './token-endpoint/audit.js'
export { type AuditToOptions, auditTo, type StoreAudit } from './token-endpoint/audit-to.js'
export type { TokenEndpoint } from './token-endpoint/readiness.js'
export { type AuthorizationServerMetadata, authorizationServerMetadata, serverMetadataShape } from './token-endpoint/server-metadata.js'
export { createTokenEndpoint } from './token-endpoint/token-endpoint.js'
export { type TokenEndpointOptions, tokenEndpointShape } from './token-endpoint/token-endpoint-options.js'
export {
  createIntrospectionEndpoint,
  type IntrospectionEndpointOptions,
  introspectionEndpointShape,
} from './token-status/introspection-endpoint.js'
export { createRevocationEndpoint, type RevocationEndpointOptions, revocationEndpointShape } from './token-status/revocation-endpoint.js'
