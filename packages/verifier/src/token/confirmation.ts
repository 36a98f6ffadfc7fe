import { type Confirmation, type Refusal, refuse } from '@countersign/core'
import type { ParsedClaims } from '@countersign/jwt'
import type { IssuerRule } from '../issuers/issuer-entry.js'

/** Which bindings of a token can be proved where it is used. */
export interface Provable {
  /** To a key, by a DPoP proof (RFC 9449). */
  readonly dpop: boolean
  /** To a certificate, by the connection (RFC 8705). */
  readonly certificate: boolean
}

/** Where a request is not looked at, or nothing of it. */
export const nothingProvable: Provable = Object.freeze({ dpop: false, certificate: false })

const refused = (expected: string, received: string): Refusal => refuse('confirmation', { detail: { expected, received } })

const bound = refused('a token without cnf', 'cnf')
const boundToKey = refused('a token without cnf.jkt (senderConstraint.dpop)', 'cnf.jkt')
const boundToCertificate = refused('a token without cnf["x5t#S256"] (senderConstraint.certificate)', 'cnf["x5t#S256"]')
const otherMembers = refused('cnf with jkt or x5t#S256 alone', 'cnf with other members')
const unbound = {
  required: refused('a token with cnf.jkt or cnf["x5t#S256"] (senderConstraint)', 'a token without it'),
  dpop: refused('a token with cnf.jkt (senderConstraint)', 'a token without it'),
  certificate: refused('a token with cnf["x5t#S256"] (senderConstraint)', 'a token without it'),
}

const isThumbprint = (value: unknown): value is string => typeof value === 'string' && value !== ''

/**
 * What `cnf` says: `jkt` (RFC 9449 §6.1), `x5t#S256` (RFC 8705 §3.1), or both, which must both hold. Undefined for every other confirmation, and for
 * one with further members: what they demand is not known (RFC 7800 §3.1).
 */
function bindingIn(cnf: unknown): Confirmation | undefined {
  if (typeof cnf !== 'object' || cnf === null || Array.isArray(cnf)) return undefined
  const members = new Map<string, unknown>(Object.entries(cnf))
  const [key, certificate] = ['jkt', 'x5t#S256'].map((name) => members.get(name))
  const known = [key, certificate].filter(isThumbprint)
  if (known.length === 0 || known.length < members.size) return undefined
  if (!isThumbprint(key)) return Object.freeze({ method: 'certificate', thumbprint: String(certificate) })
  return Object.freeze({ method: 'dpop', thumbprint: key, ...(isThumbprint(certificate) && { certificateThumbprint: certificate }) })
}

const isToCertificate = ({ method, certificateThumbprint }: Confirmation): boolean =>
  method === 'certificate' || certificateThumbprint !== undefined

/** Why a token, bound or not, is not bound as its issuer entry requires. */
function notAsRequired({ senderConstraint }: IssuerRule, binding: Confirmation | undefined): Refusal | undefined {
  switch (senderConstraint) {
    case 'as-token-says':
      return undefined
    case 'required':
      return binding === undefined ? unbound.required : undefined
    case 'dpop':
      return binding?.method === 'dpop' ? undefined : unbound.dpop
    case 'certificate':
      return binding !== undefined && isToCertificate(binding) ? undefined : unbound.certificate
  }
}

/**
 * Validates that what a token is bound to can be proved here, and that it is bound if its issuer entry demands that. A token that is bound must
 * never pass as a plain bearer token (RFC 7800 §3, RFC 9449 §7.1, RFC 8705 §3).
 */
export function validateConfirmation({ cnf }: ParsedClaims, rule: IssuerRule, provable: Provable): Refusal | undefined {
  const binding = bindingIn(cnf)
  if (cnf !== undefined) {
    if (!provable.dpop && !provable.certificate) return bound
    if (binding === undefined) return otherMembers
    if (binding.method === 'dpop' && !provable.dpop) return boundToKey
    if (isToCertificate(binding) && !provable.certificate) return boundToCertificate
  }
  return notAsRequired(rule, binding)
}

/** Whether tokens of an entry can be used only with a DPoP proof, where these bindings can be proved. */
export function requiresDpop({ senderConstraint }: Pick<IssuerRule, 'senderConstraint'>, provable: Provable): boolean {
  return senderConstraint === 'dpop' || (senderConstraint === 'required' && !provable.certificate)
}

/** The option that is missing where tokens of an entry could never be used; undefined if they can. */
export function missingProof({ senderConstraint }: Pick<IssuerRule, 'senderConstraint'>, provable: Provable): string | undefined {
  if (senderConstraint === 'as-token-says') return undefined
  if (senderConstraint === 'required') return provable.dpop || provable.certificate ? undefined : 'senderConstraint'
  return provable[senderConstraint] ? undefined : `senderConstraint.${senderConstraint}`
}

/** What a validated token is bound to. It counts only after the proof. */
export function confirmationOf({ cnf }: ParsedClaims): Confirmation | undefined {
  return cnf === undefined ? undefined : bindingIn(cnf)
}

/** Refuses a bound token where no request is looked at. */
export function refuseBound(auth: { readonly confirmation?: Confirmation | undefined }): Refusal | undefined {
  return auth.confirmation === undefined ? undefined : bound
}
