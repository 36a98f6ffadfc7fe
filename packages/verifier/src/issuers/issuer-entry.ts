import type { Algorithm, AsymmetricAlgorithm, JwtClaims, KeySource, RefusalDetail } from '@countersign/core'
import { isHmac, normalizeType, type ParsedClaims } from '@countersign/jwt'
import type { SourceContext } from '@countersign/jwt/jwks'
import type { OpaqueTokens } from '../opaque/opaque-tokens.js'

/** The part of a Standard Schema (standardschema.dev) that is called. */
export interface ClaimsSchema<Output extends object = object> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    validate(value: unknown): SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
  }
}

/** What a Standard Schema answers. */
export type SchemaResult<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly unknown[] }

/** What an issuer entry demands of the binding of tokens (RFC 9449 §6, RFC 8705 §3). */
export type SenderConstraint = 'as-token-says' | 'required' | 'dpop' | 'certificate'

/** The rules that every issuer entry has, beside its key source. */
export interface RuleOptions<Alg extends Algorithm = Algorithm, Output extends object = object> {
  /** The only algorithms that are believed; asymmetric or HMAC, never both. */
  readonly algorithms: readonly Alg[]
  /** Accepted audiences, compared by equality; `null` turns the check off. */
  readonly audience: string | readonly string[] | null
  /**
   * Accepted `typ`, compared without case and without the prefix `application/`; `''` stands for a token without one, `null` turns the check off.
   * @defaultValue `['at+jwt', 'JWT', '']`
   */
  readonly typ?: string | readonly string[] | null
  /** How far the issuer's clock may differ, in seconds; at most 3600. @defaultValue 5 */
  readonly clockToleranceSeconds?: number
  /** Longest time since `iat`, in seconds; a token without `iat` is then refused. @defaultValue none */
  readonly maxAgeSeconds?: number
  /** How far in the future `iat` may lie, in seconds; `null` turns the check off. @defaultValue 60 */
  readonly maxFutureIssuedSeconds?: number | null
  /** A Standard Schema for the claims; what it puts out is laid over the claims. */
  readonly schema?: ClaimsSchema<Output>
  /**
   * Whether tokens must be bound: `dpop` to a key (`cnf.jkt`), `certificate` to a certificate (`cnf["x5t#S256"]`), `required` to either. With
   * `as-token-says`, plain tokens are accepted too.
   * @defaultValue `'as-token-says'`
   */
  readonly senderConstraint?: SenderConstraint
  /** Reads the scopes of a token. @defaultValue the claim `scope`, else `scp`: text split at spaces, or a list */
  readonly scopes?: (claims: JwtClaims) => readonly string[]
}

/** Rules in the form in which they are applied. */
export interface IssuerRule {
  readonly algorithms: ReadonlySet<Algorithm>
  readonly audience: readonly string[] | null
  readonly types: readonly string[] | null
  readonly toleranceSeconds: number
  readonly maxAgeSeconds: number | undefined
  readonly maxFutureIssuedSeconds: number | null
  /** What a preset demands of its issuer's claims; undefined is fulfilled. */
  readonly validate: ((claims: ParsedClaims) => RefusalDetail | undefined) | undefined
  readonly senderConstraint: SenderConstraint
  readonly schema: ClaimsSchema | undefined
  /** Undefined is the claim `scope`, else `scp`. */
  readonly scopes: ((claims: JwtClaims) => readonly string[]) | undefined
}

/** Exact `iss` strings that share their keys. */
export interface IssuerSource {
  readonly issuers: readonly string[]
  /**
   * Where the keys stand, and how they are loaded. Entries of one guard whose places are equal share one open source; parts that
   * are objects or functions are compared by identity. Undefined where nothing is loaded from
   * another party, whose outage is not ours.
   */
  readonly place?: readonly unknown[]
  open(context: SourceContext): KeySource
}

declare const claimsType: unique symbol

/** Everything that is believed about an issuer. Made by a preset. */
export interface IssuerEntry<Claims extends object = JwtClaims> {
  readonly sources: readonly IssuerSource[]
  /** In place of sources, where the tokens are not verified by a signature. */
  readonly opaque?: OpaqueTokens
  readonly rule: IssuerRule
  /** For the compiler only. */
  readonly [claimsType]?: Claims
}

/** The claims that an entry gives. */
export type ClaimsOf<E> = E extends IssuerEntry<infer Claims> ? Claims : JwtClaims

/** The option of each preset that may have several issuers. */
export interface IssuerOption {
  /** The exact `iss`, or several that share their keys. */
  readonly issuer: string | readonly string[]
}

/** The rules of an issuer whose keys are public. */
export type AsymmetricRule<Output extends object> = RuleOptions<AsymmetricAlgorithm, Output>

/** Without a schema, nothing is added to the claims. */
export type NoClaims = Record<never, never>

/** The entry of an issuer whose schema puts out `Output`. */
export type EntryWith<Output extends object> = IssuerEntry<JwtClaims & Output>

const defaultTypes: readonly string[] = Object.freeze(['at+jwt', 'jwt', ''])

function ruleAlgorithms(preset: string, algorithms: readonly Algorithm[]): ReadonlySet<Algorithm> {
  const hmac = algorithms.filter((algorithm) => isHmac(algorithm)).length
  if (hmac > 0 && hmac < algorithms.length)
    throw new TypeError(`${preset}: algorithms must be asymmetric or HMAC, not both, got ${algorithms.join(', ')}`)
  const set = new Set<Algorithm>(algorithms)
  // RFC 9864: Ed25519 is the fully specified name of what EdDSA means here.
  if (set.has('EdDSA') || set.has('Ed25519')) set.add('EdDSA').add('Ed25519')
  return set
}

const listed = (value: string | readonly string[]): readonly string[] => Object.freeze([value].flat())

/**
 * Brings rule options, which were checked, into the form in which they are applied.
 *
 * @param preset - name for messages
 * @throws TypeError if algorithms are asymmetric and HMAC
 */
export function issuerRule(preset: string, options: RuleOptions, validate?: IssuerRule['validate']): IssuerRule {
  // Entries may be made in a running process: a member that a library put into every object is not an option of the host.
  const own = Object.assign(Object.create(null) as RuleOptions, options)
  const {
    audience,
    typ,
    clockToleranceSeconds = 5,
    maxAgeSeconds,
    maxFutureIssuedSeconds = 60,
    schema,
    scopes,
    senderConstraint = 'as-token-says',
  } = own
  return Object.freeze({
    algorithms: ruleAlgorithms(preset, options.algorithms),
    audience: audience === null ? null : listed(audience),
    types: typ === undefined ? defaultTypes : typ === null ? null : listed(typ).map((one) => normalizeType(one)),
    toleranceSeconds: clockToleranceSeconds,
    maxAgeSeconds,
    maxFutureIssuedSeconds,
    validate,
    senderConstraint,
    schema,
    scopes,
  })
}

/**
 * The same for an issuer whose keys are public: a secret can never be among them.
 *
 * @throws TypeError if an algorithm is HMAC
 */
export function publicKeyRule(preset: string, options: RuleOptions): IssuerRule {
  const rule = issuerRule(preset, options)
  if ([...rule.algorithms].some((algorithm) => isHmac(algorithm)))
    throw new TypeError(`${preset}: algorithms must be asymmetric, because the keys are public, got ${options.algorithms.join(', ')}`)
  return rule
}

/**
 * The exact `iss` strings of an entry.
 *
 * @throws TypeError if one is there twice
 */
export function issuerNames(preset: string, issuer: string | readonly string[]): readonly string[] {
  const names = listed(issuer)
  const twice = names.find((name, index) => names.indexOf(name) < index)
  if (twice !== undefined) throw new TypeError(`${preset}: issuer must not have a duplicate, got ${JSON.stringify(twice)} twice`)
  return names
}
