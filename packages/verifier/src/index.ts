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
  requireAnyScope,
  requireAuthentication,
  requireClaims,
  requireScopes,
} from '@countersign/core'
export type { RefreshOptions, RemoteOptions, SourceContext } from '@countersign/jwt/jwks'
export type { TokenPlaces } from './bearer.js'
export { type CognitoAccessClaims, type CognitoIdClaims, type CognitoOptions, cognito } from './cognito.js'
export { createGuard } from './guard.js'
export type { AuthOfIssuers, GuardOptions, Issuers, ResourceGuard, ResourceMetadata, Verifier, VerifierOptions } from './guard-options.js'
export type {
  ClaimsOf,
  ClaimsSchema,
  IssuerEntry,
  IssuerRule,
  IssuerSource,
  RuleOptions,
  SchemaResult,
} from './issuer-entry.js'
export {
  type JwksOptions,
  type JwksRsaClient,
  type JwksRsaOptions,
  jwks,
  jwksRsa,
  type OidcOptions,
  type OwnIssuerOptions,
  oidc,
  ownIssuer,
  type StaticKeysOptions,
  staticKeys,
} from './presets.js'
export type { IssuerReadiness } from './readiness.js'
export { protectedResourceMetadata } from './resource-metadata.js'
export { createRevocations, type Revocations } from './revocations.js'
export { createSharedRevocations, type OnStale, type SharedRevocations, type SharedRevocationsOptions } from './shared-revocations.js'
export type { NamedKey, PublicKeyInput } from './static-keys.js'
export type { TenantOptions } from './tenants.js'
export type { CacheOptions } from './token-cache.js'
export { createVerifier } from './verifier.js'
