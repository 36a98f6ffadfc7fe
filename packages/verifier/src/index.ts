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
export type { TokenPlaces } from './guard/bearer.js'
export { createGuard } from './guard/guard.js'
export type {
  AuthOfIssuers,
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
export { type CognitoAccessClaims, type CognitoIdClaims, type CognitoOptions, cognito } from './issuers/cognito.js'
export type {
  ClaimsOf,
  ClaimsSchema,
  IssuerEntry,
  IssuerRule,
  IssuerSource,
  RuleOptions,
  SchemaResult,
} from './issuers/issuer-entry.js'
export {
  type JwksOptions,
  type JwksRsaClient,
  type JwksRsaOptions,
  jwks,
  jwksRsa,
  type OidcOptions,
  oidc,
  type SigningKeysOptions,
  type StaticKeysOptions,
  signingKeys,
  signingKeysShape,
  staticKeys,
} from './issuers/presets.js'
export type { NamedKey, PublicKeyInput } from './issuers/static-keys.js'
export { createRevocations, type Revocations } from './revocation/revocations.js'
export {
  createSharedRevocations,
  type OnStale,
  type SharedRevocations,
  type SharedRevocationsOptions,
  sharedRevocationsShape,
} from './revocation/shared-revocations.js'
export type { CacheOptions } from './token/token-cache.js'
