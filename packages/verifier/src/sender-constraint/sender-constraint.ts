import { type Confirmation, hasOwn, kind, type Now, type OptionKind, type Refusal, refuse } from '@countersign/core'
import { type CertificateOptions, certificateShape } from '@countersign/jwt/certificate'
import type { Provable } from '../token/confirmation.js'
import { refused, type Verdict } from '../token/verdict.js'
import { createCertificateCheck } from './certificate-check.js'
import type { ConfirmedRequest, Proved } from './confirmed-request.js'
import { createProofCheck, type GuardDpopOptions, guardDpopKind } from './proof-check.js'

/** How a guard makes sure that a token is used by the client that got it: by one of these, or both. */
export interface SenderConstraintOptions {
  /** Accepts tokens that are bound to a key (`cnf.jkt`, RFC 9449), with a proof for each request. */
  readonly dpop?: GuardDpopOptions
  /** Accepts tokens that are bound to a certificate (`cnf["x5t#S256"]`, RFC 8705), over TLS with that certificate. */
  readonly certificate?: CertificateOptions
}

/** What the option must be. */
export const senderConstraintKind: OptionKind = kind.members<SenderConstraintOptions>({
  dpop: guardDpopKind,
  certificate: kind.members<CertificateOptions>(certificateShape),
})

/** A verdict, and what the reply needs. */
interface Confirmed {
  readonly verdict: Verdict
  readonly proved?: Proved
  /** For the field `DPoP-Nonce` of a good reply. */
  readonly nonce?: string | undefined
}

/** Confirms that the sender of a request has the key or the certificate of its token. */
export interface SenderConstraint {
  readonly provable: Provable
  /** Names of the accepted algorithms of proofs, for challenges; undefined where no proofs are checked. */
  readonly algorithms: readonly string[] | undefined
  /** A fresh nonce for a refusal that demands one. */
  nonceFor(refusal: Refusal): string | undefined
  /** At once where no proof is needed. Rejects with `Unavailable` if the replay store cannot tell. */
  confirm(verdict: Verdict & { readonly ok: true }, confirmed: ConfirmedRequest): Confirmed | Promise<Confirmed>
}

const otherScheme = (expected: string, received: string): Refusal => refuse('confirmation', { detail: { expected, received } })
const unboundToken = otherScheme('a token with cnf.jkt', 'a token without it, with the scheme DPoP')
const asBearer = otherScheme('the scheme DPoP', 'a token with cnf.jkt without it')

/** Such tokens were refused with their claims: nobody comes here. */
const unprovable = refuse('confirmation')

/** The certificate that a token is bound to. */
const certificateIn = ({ method, thumbprint, certificateThumbprint }: Confirmation): string | undefined =>
  method === 'certificate' ? thumbprint : certificateThumbprint

/**
 * Makes what confirms bound tokens.
 *
 * @throws TypeError if there is nothing to confirm them by, or the public URL of a request is not known
 */
export function createSenderConstraint(options: SenderConstraintOptions, resource: string | undefined, now: Now): SenderConstraint {
  const { dpop, certificate } = options
  if (dpop === undefined && certificate === undefined)
    throw new TypeError('createGuard: senderConstraint must have dpop, certificate or both, got neither')
  const proofs = dpop && createProofCheck(dpop, resource, now)
  const otherCertificate = certificate ? createCertificateCheck(certificate) : (): Refusal => unprovable

  /** Of tokens that are not bound to a key. */
  function schemeFault({ confirmation }: { confirmation?: Confirmation }, { presented }: ConfirmedRequest): Refusal | undefined {
    if (confirmation?.method === 'dpop') return presented.scheme === 'DPoP' ? undefined : asBearer
    return presented.scheme === 'DPoP' ? unboundToken : undefined
  }

  return {
    provable: { dpop: dpop !== undefined, certificate: certificate !== undefined },
    algorithms: proofs?.algorithms,
    nonceFor: ({ code }) => (code === 'use_dpop_nonce' ? proofs?.nonce() : undefined),
    confirm(verdict, confirmed) {
      const { auth, cached } = verdict
      const { confirmation } = auth
      const refuseWith = (refusal: Refusal): Confirmed => ({ verdict: { ...refused(refusal), via: auth.via, cached } })
      const fault = schemeFault(auth, confirmed)
      if (fault !== undefined) return refuseWith(fault)
      if (confirmation === undefined) return { verdict }
      const thumbprint = certificateIn(confirmation)
      const other = thumbprint === undefined ? undefined : otherCertificate(confirmed.request, thumbprint)
      if (other !== undefined) return refuseWith(other)
      if (confirmation.method === 'certificate') return { verdict }
      if (proofs === undefined) return refuseWith(unprovable)
      return proofs
        .use(confirmed, confirmation.thumbprint)
        .then((used) => (hasOwn(used, 'refusal') ? refuseWith(used.refusal) : { verdict, ...used }))
    },
  }
}
