import type { JwtClaims, Reason } from '@countersign/core'
import { publicJwkOf, type TestKey, testKeys } from '@countersign/testkit'
import type { CognitoOptions, JwksOptions, OidcOptions } from '@countersign/verifier'

/** The instant at which every token of the atlas is looked at, in epoch seconds. */
export const now = 1_800_000_000

/** The entry that accepts a token, as data, so that it can be both called and printed. */
export type AtlasEntry =
  | readonly ['jwks', Omit<JwksOptions, 'scopes'> & { readonly scopes?: (claims: JwtClaims) => readonly string[] }]
  | readonly ['oidc', OidcOptions]
  | readonly ['cognito', CognitoOptions<'access' | 'id'>]

/** A token that is like the accepted one but for one thing, and why it is refused. */
export interface NearMiss {
  readonly name: string
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
  readonly reason: Reason
}

/** One shape of token that an issuer sends. Keys and identifiers are synthetic. */
export interface AtlasRow {
  /** Issuer and kind of token; unique. */
  readonly name: string
  /** What makes careless verifiers refuse it, or accept too much. */
  readonly peculiar: string
  readonly header: Readonly<Record<string, unknown>>
  readonly claims: Readonly<Record<string, unknown>>
  readonly key: TestKey
  /** Where the keys are published, and how. */
  readonly jwksUrl: string
  readonly jwks: readonly Readonly<Record<string, unknown>>[]
  readonly entry: AtlasEntry
  /** What an app gets of it. */
  readonly gives: { readonly subject?: string; readonly clientId?: string; readonly scopes: readonly string[] }
  readonly nearMisses: readonly NearMiss[]
}

/** `iat` now, and `exp` after that many seconds. */
export function times(ttlSeconds: number): Readonly<Record<'iat' | 'exp', number>> {
  return { iat: now, exp: now + ttlSeconds }
}

/** A JWKS as most publish it: the key that signs, and the next one. */
export function jwksOf(key: TestKey, kid: string, changes: Readonly<Record<string, unknown>> = {}): AtlasRow['jwks'] {
  const next = key.jwk.kty === 'RSA' ? testKeys.ps256 : testKeys.es256Third
  return [publicJwkOf(key, { kid, ...changes }), publicJwkOf(next, { kid: `${kid}-next`, alg: key.alg, ...changes })]
}

/** The near miss of another audience. */
export function wrongAudience(aud: string | readonly string[]): NearMiss {
  return { name: 'another audience', claims: { aud }, reason: 'audience' }
}

/** The near miss of another tenant whose keys are the same. */
export function wrongIssuer(iss: string, name = 'another tenant, same keys'): NearMiss {
  return { name, claims: { iss }, reason: 'unknown_issuer' }
}
