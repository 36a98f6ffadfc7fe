import { type Confirmation, type Refusal, refuse } from '@countersign/core'
import type { ParsedClaims } from '@countersign/jwt'
import type { IssuerRule } from '../issuers/issuer-entry.js'

const refused = (expected: string, received: string): Refusal => refuse('confirmation', { detail: { expected, received } })

const boundToKey = refused('a token without cnf', 'cnf')
const unbound = refused('a token with cnf.jkt (senderConstraint)', 'a token without it')
const otherMembers = refused('cnf with jkt alone', 'cnf with other members')

/** `cnf.jkt` (RFC 9449 §6.1) where it is all that `cnf` says; undefined for every other confirmation (RFC 7800 §3.1). */
function thumbprintIn(cnf: unknown): string | undefined {
  if (typeof cnf !== 'object' || cnf === null || Array.isArray(cnf)) return undefined
  const [[name, value] = [], ...more] = Object.entries(cnf)
  return name === 'jkt' && typeof value === 'string' && value !== '' && more.length === 0 ? value : undefined
}

/**
 * Validates that what a token is bound to can be proved here, and that it is bound if its issuer entry demands that. A token that is bound must
 * never pass as a plain bearer token (RFC 7800 §3, RFC 9449 §7.1).
 *
 * @param provesKeys - whether the guard checks DPoP proofs
 */
export function validateConfirmation(claims: ParsedClaims, rule: IssuerRule, provesKeys: boolean): Refusal | undefined {
  if (claims.cnf === undefined) return requiresBinding(rule) ? unbound : undefined
  if (!provesKeys) return boundToKey
  return thumbprintIn(claims.cnf) === undefined ? otherMembers : undefined
}

/** Whether an issuer entry accepts bound tokens only. */
export function requiresBinding({ senderConstraint }: Pick<IssuerRule, 'senderConstraint'>): boolean {
  return senderConstraint !== 'as-token-says'
}

/** What a validated token is bound to. It counts only after the proof. */
export function confirmationOf({ cnf }: ParsedClaims): Confirmation | undefined {
  const thumbprint = cnf === undefined ? undefined : thumbprintIn(cnf)
  return thumbprint === undefined ? undefined : Object.freeze({ method: 'dpop', thumbprint })
}

/** Refuses a bound token where no proof is checked. */
export function refuseBound(auth: { readonly confirmation?: Confirmation | undefined }): Refusal | undefined {
  return auth.confirmation === undefined ? undefined : boundToKey
}
