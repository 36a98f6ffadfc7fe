import { checkOptions, kind, type OptionKind, type OptionShape, type TokenPlaces, tokenPlacesShape } from '@countersign/core'
import type { IssuerEntry } from '../issuers/issuer-entry.js'
import { senderConstraintKind } from '../sender-constraint/sender-constraint.js'
import type { CacheOptions } from '../token/token-cache.js'
import type { GuardOptions, ResourceMetadata, VerifierOptions } from './guard-options.js'
import type { TenantOptions } from './tenants.js'

const isEntry = (value: unknown): boolean => {
  const { sources, rule } = (value ?? {}) as Partial<IssuerEntry>
  return Array.isArray(sources) && typeof rule === 'object'
}

/** An entry is made by a preset, which checks its own options. */
const entry: OptionKind = kind.satisfying(
  'an entry made by a preset (jwks, oidc, cognito, staticKeys, signingKeys, jwksRsa, introspection or apiKeys)',
  isEntry,
)
const bound: OptionKind = kind.number({ isInteger: true, least: 2 })

const tenantShape: OptionShape<TenantOptions> = {
  via: kind.required(kind.string),
  prefixes: kind.listOf(kind.string, 0),
  issuers: kind.listOf(kind.string, 0),
  resolve: kind.required(kind.func),
  maxIssuers: kind.count,
  maxCacheSeconds: kind.seconds,
  negativeCacheSeconds: kind.seconds,
  staleIfErrorSeconds: kind.seconds,
  timeoutSeconds: kind.seconds,
}

const verifierShape: OptionShape<VerifierOptions> = {
  issuers: kind.required({ ...kind.recordOf(entry), must: 'an object of issuer entries by their names' }),
  resolveIssuer: kind.members<TenantOptions>(tenantShape),
  cache: kind.either(kind.exactly(false), kind.members<CacheOptions>({ maxEntries: bound, maxBytes: bound })),
  maxTokenBytes: kind.count,
  revocations: kind.having('a view of revocations, for instance what createSharedRevocations returns', 'check'),
  acceptBoundTokens: kind.flag,
  now: kind.func,
  fetch: kind.func,
  random: kind.func,
}

const metadataShape: OptionShape<ResourceMetadata> = {
  scopesSupported: kind.listOf(kind.string, 0),
  authorizationServers: kind.listOf(kind.string, 0),
  resourceName: kind.string,
  resourceDocumentation: kind.string,
  resourcePolicyUri: kind.string,
  resourceTosUri: kind.string,
}

/** What each of the options of `createGuard` must be, for a factory that hands them on. */
export const guardShape: OptionShape<GuardOptions> = {
  ...verifierShape,
  resource: kind.string,
  realm: kind.string,
  metadata: kind.members<ResourceMetadata>(metadataShape),
  tokenFrom: kind.members<TokenPlaces>(tokenPlacesShape),
  senderConstraint: senderConstraintKind,
  dialect: kind.having('a dialect: an object with refusal()', 'refusal'),
}

const ofEntry = 'it belongs to the entry of an issuer, for instance jwks({ … })'
/** What other libraries take in one place with the rest. */
const advice: Readonly<Record<string, string>> = {
  algorithms: ofEntry,
  audience: ofEntry,
  clockTolerance: ofEntry,
  jwksUri: ofEntry,
  maxAge: ofEntry,
  secret: ofEntry,
  credentialsRequired: 'use the requirement optional() on routes that admit requests without a token',
  passthrough: 'use the requirement optional() on routes that admit requests without a token',
  requestProperty: 'authOf(guard, request) returns what a request was admitted with',
  requiredScopes: 'use the requirement requireScopes(…)',
}

/** @throws TypeError that names the option */
export function checkVerifierOptions(options: object): void {
  checkOptions('createVerifier', options, verifierShape, advice)
}

/** @throws TypeError that names the option */
export function checkGuardOptions(options: object): void {
  checkOptions('createGuard', options, guardShape, advice)
}
