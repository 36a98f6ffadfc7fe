export type { Announcer } from './announce.js'
export type { AssertionRules } from './assertion-rules.js'
export type { Audit, AuditRecord } from './audit.js'
export type { AuthenticatedClient, AuthenticationContext, ClientVerdict } from './authenticate-client.js'
export type { Budget } from './budget.js'
export type { Client, ClientMethod, ClientSettings, CompleteSettings, SecretView } from './client.js'
export { createClientAuthenticator } from './client-authenticator.js'
export type { ClientChanges } from './client-changes.js'
export { clientCredentials } from './client-credentials.js'
export {
  type ClientRegistration,
  type Clients,
  type ClientsOptions,
  createClients,
  type IssuedSecret,
  type SecretSettings,
  type UsedSecretView,
} from './clients.js'
export type { ExchangeDecision, ExchangePolicy, ExchangeRequest, PresentedSubject } from './exchange-policy.js'
export type {
  Authentication,
  BegunChain,
  Challenged,
  Grant,
  GrantAnswer,
  Granted,
  GrantPlan,
  GrantRequest,
  GrantStores,
  Identification,
  TokenChallenge,
  Validated,
} from './grant.js'
export { createIntrospectionEndpoint, type IntrospectionEndpointOptions } from './introspection-endpoint.js'
export { type JwtBearerOptions, jwtBearer } from './jwt-bearer.js'
export { type AuthorizationServerMetadata, authorizationServerMetadata } from './metadata.js'
export type { IdAndSecret, PresentedClient } from './presented-client.js'
export type { RateLimits } from './rate-limits.js'
export type { RefreshPolicy } from './refresh-policy.js'
export { type RefreshTokenOptions, refreshToken } from './refresh-token.js'
export { createRevocationEndpoint, type RevocationEndpointOptions } from './revocation-endpoint.js'
export { createTenantEndpoint, type TenantEndpointOptions } from './tenants.js'
export { rfc6749, type TokenContext, type TokenDialect, type TokenResponse } from './token-dialect.js'
export { createTokenEndpoint } from './token-endpoint.js'
export type { Grantee, TokenEndpointOptions } from './token-endpoint-options.js'
export type { TokenEndpoint } from './token-endpoint-readiness.js'
export { type TokenExchangeOptions, tokenExchange } from './token-exchange.js'
export { type AssertionReason, refuseToken, type TokenReason, type TokenRefusal, type TokenRefused } from './token-refusal.js'
export type { TrustedTokens } from './trusted-token.js'
export type { UsedKey } from './used-key.js'
