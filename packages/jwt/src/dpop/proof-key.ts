import { type Outcome, refuse, type VerificationKey } from '@countersign/core'
import type { JwsHeader } from '../header.js'
import { importJwk } from '../import-jwk.js'
import { jsonKind } from '../json-kind.js'
import type { KeyReason } from '../key-reason.js'
import { jwkThumbprint } from '../thumbprint.js'

/** The members that a thumbprint is made of, and the longest that they may be: a modulus of 4096 bits has 683 characters. */
const members: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['EC', ['crv', 'x', 'y']],
  ['OKP', ['crv', 'x']],
  ['RSA', ['n', 'e']],
])
const maxMemberLength = 700

/** Why a key is not accepted, in words. */
const faults: Readonly<Partial<Record<KeyReason, string>>> = {
  private: 'a private key',
  secret: 'a symmetric key',
  unsupported: 'a type, curve or size that is not supported',
  wrong_use: 'a key that is not for signatures',
  weak_rsa: 'a weak RSA key',
  bad_point: 'a point that is not on the curve, or of small order',
}

function refused(received: string): Outcome<never> {
  return { ok: false, refusal: refuse('proof_key', { detail: { expected: 'jwk: a public key', received } }) }
}

/** The key of a proof before it is imported. */
export interface PresentedKey {
  readonly jwk: Readonly<Record<string, unknown>>
  readonly thumbprint: string
}

/**
 * Reads the member `jwk` of a header: its bounds and its thumbprint, without any work of OpenSSL.
 *
 * @returns a refusal `proof_key` for what cannot be a public key
 */
export function presentedKey({ jwk }: JwsHeader): Outcome<{ key: PresentedKey }> {
  if (typeof jwk !== 'object' || jwk === null || Array.isArray(jwk)) return refused(jsonKind(jwk))
  const own = jwk as Readonly<Record<string, unknown>>
  if (own.kty === 'oct' || own.k !== undefined) return refused('a symmetric key')
  const names = members.get(own.kty)
  if (names === undefined) return refused('a type that is not supported')
  const isBounded = (value: unknown): boolean => typeof value === 'string' && value !== '' && value.length <= maxMemberLength
  if (!names.every((name) => isBounded(own[name]))) return refused('a member that is missing, too long or not a string')
  return { ok: true, key: { jwk: own, thumbprint: jwkThumbprint(own) } }
}

/** A key that signatures can be verified with. */
export interface UsableKey {
  readonly thumbprint: string
  readonly verification: VerificationKey
}

/**
 * Makes the key usable.
 *
 * @returns refusals `proof_key` (private, weak, not on the curve, written in a way that gives it another thumbprint) and
 * `proof_algorithm` (the key does not fit the algorithm of the header)
 */
export function usableKey({ jwk, thumbprint }: PresentedKey, { alg }: JwsHeader): Outcome<{ key: UsableKey }> {
  const imported = importJwk(jwk)
  if (!imported.ok) return refused(faults[imported.reason] ?? 'a key with a member of a wrong form')
  // RFC 7518 §6.3.1: zeros before a modulus are forbidden. With them, one key would have many thumbprints.
  if (imported.key.thumbprint !== thumbprint) return refused('a key with zeros before a number')
  if (imported.key.algorithms.includes(alg)) return { ok: true, key: { thumbprint, verification: imported.key } }
  const detail = { expected: 'an algorithm that fits the key', received: alg }
  return { ok: false, refusal: refuse('proof_algorithm', { detail }) }
}
