import { hasOwn, kind, type Now, type OptionKind, type Refusal, refuse, requestUrl, type WireRequest } from '@countersign/core'
import { createProofChecker, type DpopOptions, type DpopProof, dpopShape, readProof, requestPath } from '@countersign/jwt/dpop'
import { refused, type Verdict } from '../token/verdict.js'
import type { PresentedToken } from './bearer.js'

/** How a guard checks DPoP proofs (RFC 9449 §7). */
export interface GuardDpopOptions extends DpopOptions {
  /**
   * The whole URL of a request, as clients see it. It must not trust fields that a client can set, such as `Host`.
   * @defaultValue the origin of `resource`, and the path that the client sent
   */
  readonly publicUrl?: (request: WireRequest) => string
}

/** How a guard makes sure that a token is used by the client that got it. */
export interface SenderConstraintOptions {
  /** Accepts tokens that are bound to a key (`cnf.jkt`), with a proof for each request. */
  readonly dpop: GuardDpopOptions
}

/** What the option must be. */
export const senderConstraintKind: OptionKind = kind.members<SenderConstraintOptions>({
  dpop: kind.required(kind.members<GuardDpopOptions>({ ...dpopShape, publicUrl: kind.func })),
})

/** A token and its proof that were accepted for a request: a second check of the same request finds them again. */
export interface Proved {
  readonly token: string
  readonly proof: string
}

/** What a confirmation needs to know of a request. */
export interface ConfirmedRequest {
  readonly request: WireRequest
  readonly presented: PresentedToken
  /** What an earlier check of the same request accepted. */
  readonly proved: Proved | undefined
  /** False: the id of the proof is not claimed. */
  readonly record?: boolean | undefined
}

/** A verdict, and what the reply needs. */
interface Confirmed {
  readonly verdict: Verdict
  readonly proved?: Proved
  /** For the field `DPoP-Nonce` of a good reply. */
  readonly nonce?: string | undefined
}

/** Confirms that the sender of a request has the key of its token. */
export interface SenderConstraint {
  /** Names of the accepted algorithms, for challenges. */
  readonly algorithms: readonly string[]
  /** A fresh nonce for a refusal that demands one. */
  nonceFor(refusal: Refusal): string | undefined
  /** Rejects with `Unavailable` if the replay store cannot tell. */
  confirm(verdict: Verdict & { readonly ok: true }, confirmed: ConfirmedRequest): Promise<Confirmed>
}

const unboundToken = refuse('confirmation', {
  detail: { expected: 'a token with cnf.jkt', received: 'a plain token with the scheme DPoP' },
})
const asBearer = refuse('confirmation', { detail: { expected: 'the scheme DPoP', received: 'a bound token without it' } })

/**
 * Makes what confirms bound tokens.
 *
 * @throws TypeError if the public URL of a request is not known
 */
export function createSenderConstraint({ dpop }: SenderConstraintOptions, resource: string | undefined, now: Now): SenderConstraint {
  const { publicUrl, ...options } = dpop
  if (publicUrl === undefined && resource === undefined)
    throw new TypeError(
      'createGuard: resource must be given with senderConstraint.dpop, or else senderConstraint.dpop.publicUrl, got neither',
    )
  const origin = resource === undefined ? '' : new URL(resource).origin
  const checker = createProofChecker({ ...options, now })

  function urlOf(request: WireRequest): string {
    if (publicUrl === undefined) return origin + requestPath(requestUrl(request))
    const url: unknown = publicUrl(request)
    if (typeof url !== 'string') throw new TypeError(`createGuard: senderConstraint.dpop.publicUrl must return a string, got ${typeof url}`)
    return url
  }

  function check({ request, presented }: ConfirmedRequest, thumbprint: string): { refusal: Refusal } | { proof: DpopProof; text: string } {
    const read = readProof(request)
    if (!read.ok) return { refusal: read.refusal }
    const { method = '' } = request
    const checked = checker.check({ proof: read.proof, method, url: urlOf(request), accessToken: presented.token, thumbprint })
    return checked.ok ? { proof: checked.proof, text: read.proof } : { refusal: checked.refusal }
  }

  /** A route may be protected twice, and a connection may check the request that opened it again: its proof is used up, by itself. */
  function isProved({ request, presented, proved }: ConfirmedRequest): boolean {
    if (proved === undefined || proved.token !== presented.token) return false
    const read = readProof(request)
    return read.ok && read.proof === proved.proof
  }

  return {
    algorithms: checker.algorithms,
    nonceFor: ({ code }) => (code === 'use_dpop_nonce' ? checker.nonce() : undefined),
    async confirm(verdict, confirmed) {
      const { auth, cached } = verdict
      const { presented, proved } = confirmed
      const refuseWith = (refusal: Refusal): Confirmed => ({ verdict: { ...refused(refusal), via: auth.via, cached } })
      if (auth.confirmation === undefined) return presented.scheme === 'DPoP' ? refuseWith(unboundToken) : { verdict }
      if (presented.scheme !== 'DPoP') return refuseWith(asBearer)
      if (proved !== undefined && isProved(confirmed)) return { verdict, proved }
      const checked = check(confirmed, auth.confirmation.thumbprint)
      if (hasOwn(checked, 'refusal')) return refuseWith(checked.refusal)
      if (confirmed.record === false) return { verdict }
      // Last, so that a stranger fills nothing; before the requirements, so that a replay causes nothing.
      const refusal = await checker.claim(checked.proof)
      if (refusal !== undefined) return refuseWith(refusal)
      return { verdict, proved: { token: presented.token, proof: checked.text }, nonce: checker.nonceAfter(checked.proof) }
    },
  }
}
