export type { AssertionRules } from './assertions/assertion-rules.js'
export type { TrustedTokens } from './assertions/trusted-token.js'
export type { AuthenticatedClient, AuthenticationContext, ClientVerdict } from './authentication/authenticate-client.js'
export type { Budget } from './authentication/budget.js'
export { createClientAuthenticator } from './authentication/client-authenticator.js'
export type { IdAndSecret, PresentedClient } from './authentication/presented-client.js'
export type { RateLimits } from './authentication/rate-limits.js'
export type { Client, ClientMethod, ClientSettings, CompleteSettings, SecretView } from './clients/client.js'
export type { ClientChanges } from './clients/client-changes.js'
export {
  type ClientRegistration,
  type Clients,
  type ClientsOptions,
  createClients,
  type IssuedSecret,
  type SecretSettings,
  type UsedSecretView,
} from './clients/clients.js'
export type { Announcer } from './endpoint/announce.js'
export type { Audit, AuditRecord } from './endpoint/audit.js'
export { rfc6749, type TokenContext, type TokenDialect, type TokenResponse } from './endpoint/dialect.js'
export { type AuthorizationServerMetadata, authorizationServerMetadata } from './endpoint/server-metadata.js'
export { createTenantEndpoint, type TenantEndpointOptions } from './endpoint/tenants.js'
export { createTokenEndpoint } from './endpoint/token-endpoint.js'
export type { Grantee, TokenEndpointOptions } from './endpoint/token-endpoint-options.js'
export type { TokenEndpoint } from './endpoint/token-endpoint-readiness.js'
export { clientCredentials } from './grants/client-credentials.js'
export type { ExchangeDecision, ExchangePolicy, ExchangeRequest, PresentedSubject } from './grants/exchange-policy.js'
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
} from './grants/grant.js'
export { type JwtBearerOptions, jwtBearer } from './grants/jwt-bearer.js'
export { type TokenExchangeOptions, tokenExchange } from './grants/token-exchange.js'
export type { UsedKey } from './issuing/used-key.js'
export type { RefreshPolicy } from './refresh/refresh-policy.js'
export { type RefreshTokenOptions, refreshToken } from './refresh/refresh-token.js'
export { type AssertionReason, refuseToken, type TokenReason, type TokenRefusal, type TokenRefused } from './refusal.js'
export { createIntrospectionEndpoint, type IntrospectionEndpointOptions } from './token-status/introspection-endpoint.js'
export { createRevocationEndpoint, type RevocationEndpointOptions } from './token-status/revocation-endpoint.js'
