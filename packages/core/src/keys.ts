import type { KeyObject } from 'node:crypto'

/** Asymmetric signature algorithms (RFC 7518 §3.1, RFC 8037; `Ed25519` is RFC 9864's name of the same). */
export type AsymmetricAlgorithm =
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA'
  | 'Ed25519'

/** HMAC algorithms (RFC 7518 §3.2). */
export type HmacAlgorithm = 'HS256' | 'HS384' | 'HS512'

/** Every algorithm that is understood. `none` is not one. */
export type Algorithm = AsymmetricAlgorithm | HmacAlgorithm

/** A key that signatures can be checked with, prepared once. */
export interface VerificationKey {
  /** The issuer's name for it; absent where the issuer gives none. */
  readonly kid?: string
  /** Algorithms that fit its type and curve, narrowed to the key's own `alg` where it states one. */
  readonly algorithms: readonly Algorithm[]
  /** A public key, or a secret for HMAC. */
  readonly key: KeyObject
  /** RFC 7638 thumbprint with SHA-256, base64url; absent for secrets. */
  readonly thumbprint?: string
}

/** Keys that are trusted together. A new object means a new generation: what was verified under another set is stale. */
export interface KeySet {
  readonly keys: readonly VerificationKey[]
}

/** Which key is wanted. A named kid means only that key. Without one, every key that fits the algorithm is a candidate. */
export interface KeyQuery {
  readonly kid: string | undefined
  readonly algorithm: Algorithm
}

/** The key, where the set has one that fits, and the set that was asked. */
export interface KeyAnswer {
  readonly key: VerificationKey | undefined
  readonly set: KeySet
  /** Set if the key was not found because the source revoked it. */
  readonly reason?: 'revoked' | undefined
  /**
   * All keys that fit, where the query has no kid, several fit, and `key` is therefore absent. Keys without a kid come first.
   * A verifier tries only a few of them.
   */
  readonly candidates?: readonly VerificationKey[]
}

/**
 * Where the keys of one issuer come from. Answers are synchronous whenever the keys are at hand.
 * Every method throws or rejects with `Unavailable` when the keys cannot be told.
 */
export interface KeySource {
  find(query: KeyQuery): KeyAnswer | Promise<KeyAnswer>
  /** Whether what was verified under `set` may still be believed. Starts a refresh where one is due. */
  isCurrent(set: KeySet): boolean | Promise<boolean>
  /**
   * Tells that a signature was bad under keys of `set`, which may be out of date: some issuers put a new key under an old name. It may
   * start a load in the background. Anybody can send bad signatures, so it must do that rarely. Absent where keys are never loaded anew.
   */
  doubt?(set: KeySet): void
  /** The keys that are believed now, for checks of readiness. Absent where a source may have none. */
  known?(): KeySet | Promise<KeySet>
  /** Loads the keys once; rejects with the cause if that fails. */
  ready(): Promise<void>
  close(): void
}

/** Signs with one key that it may hold or that a KMS holds. */
export interface Signer {
  readonly kid: string
  readonly algorithm: Algorithm
  /** @param data - the JWS signing input; @returns the raw signature (ECDSA as R and S) */
  sign(data: Uint8Array): Uint8Array | Promise<Uint8Array>
}
