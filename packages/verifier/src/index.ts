export {
  type Auth,
  type AuthOf,
  type Fetch,
  fromIssuers,
  type Guard,
  type JwtClaims,
  onEvent,
  optional,
  type Requirement,
  requireActor,
  requireAnyScope,
  requireAuthentication,
  requireClaims,
  requireScopes,
  sameOrigin,
  type TokenPlaces,
  tokenFrom,
} from '@countersign/core'
export {
  type CertificateOptions,
  type CertificateSource,
  clientCertHeader,
  type ForwardedClientCertOptions,
  forwardedClientCert,
  type TrustedProxyOptions,
} from '@countersign/jwt/certificate'
export type { RefreshOptions, RemoteOptions, SourceContext } from '@countersign/jwt/jwks'
export { type ApiKeyClaims, type ApiKeysOptions, apiKeys } from './api-keys/api-keys.js'
export { createGuard } from './guard/guard.js'
export type {
  AuthOfIssuers,
  BoundTokens,
  GuardOptions,
  Issuers,
  ResourceGuard,
  ResourceMetadata,
  Verifier,
  VerifierOptions,
} from './guard/guard-options.js'
export { guardShape } from './guard/guard-shape.js'
export type { IssuerReadiness } from './guard/readiness.js'
export { protectedResourceMetadata } from './guard/resource-metadata.js'
export type { TenantOptions } from './guard/tenants.js'
export { createVerifier } from './guard/verifier.js'
export type { IntrospectionAuthentication } from './introspection/client-authentication.js'
export { type IntrospectionClaims, type IntrospectionOptions, introspection } from './introspection/introspection.js'
export { type CognitoAccessClaims, type CognitoIdClaims, type CognitoOptions, cognito } from './issuers/cognito.js'
export type { NamedKey, PublicKeyInput } from './issuers/given-keys.js'
export type {
  ClaimsOf,
  ClaimsSchema,
  IssuerEntry,
  IssuerRule,
  IssuerSource,
  RuleOptions,
  SchemaResult,
  SenderConstraint,
} from './issuers/issuer-entry.js'
export { type JwksOptions, jwks } from './issuers/jwks.js'
export { type JwksRsaClient, type JwksRsaOptions, jwksRsa } from './issuers/jwks-rsa.js'
export { type OidcOptions, oidc } from './issuers/oidc.js'
export { type SigningKeysOptions, signingKeys, signingKeysShape } from './issuers/signing-keys.js'
export { type StaticKeysOptions, staticKeys } from './issuers/static-keys.js'
export type { Recognition } from './opaque/opaque-tokens.js'
export type { QuestionLimits } from './opaque/question-limits.js'
export { type CloudflareAccessOptions, cloudflareAccess } from './proxies/cloudflare-access.js'
export { type GoogleIapOptions, googleIap } from './proxies/google-iap.js'
export type { ProxyEntry } from './proxies/proxy-entry.js'
export { createRevocations, type Revocations } from './revocation/revocations.js'
export { createSharedRevocations, type SharedRevocations } from './revocation/shared-revocations.js'
export { type OnStale, type SharedRevocationsOptions, sharedRevocationsShape } from './revocation/shared-revocations-options.js'
export type { GuardDpopOptions } from './sender-constraint/proof-check.js'
export type { SenderConstraintOptions } from './sender-constraint/sender-constraint.js'
export type { CacheOptions } from './token/token-cache.js'
