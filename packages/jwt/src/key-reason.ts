import type { VerificationKey } from '@countersign/core'

/**
 * Why something cannot be a key of a key set:
 * `malformed` not a key, or a member has the wrong type, encoding or length ·
 * `unsupported` a type, curve or size that no algorithm here uses ·
 * `private` a private key, which must never be where public keys are published ·
 * `secret` a symmetric key where a public one belongs ·
 * `wrong_use` meant for something else than signatures (`use`, `key_ops`) ·
 * `weak_rsa` under 2048 bits, an exponent that is 1 or even, or a modulus that anyone can factor ·
 * `bad_point` not on the curve, or on Edwards25519 of small order ·
 * `algorithm_mismatch` an algorithm that does not fit the key ·
 * `weak_secret` shorter than the hash (RFC 7518 §3.2) ·
 * `public_key_as_secret` a key pair or half of one offered as a secret
 */
export type KeyReason =
  | 'malformed'
  | 'unsupported'
  | 'private'
  | 'secret'
  | 'wrong_use'
  | 'weak_rsa'
  | 'bad_point'
  | 'algorithm_mismatch'
  | 'weak_secret'
  | 'public_key_as_secret'

/** Why a value cannot be used as a key. */
interface KeyRefused {
  readonly ok: false
  readonly reason: KeyReason
  /** With `weak_secret`: how long it is and must be, for messages. Nothing of the secret is in it. */
  readonly detail?: string
}

/** A key that can be used, or why not. */
export type KeyImport = { readonly ok: true; readonly key: VerificationKey } | KeyRefused
