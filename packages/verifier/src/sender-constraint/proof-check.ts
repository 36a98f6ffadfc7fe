import { hasOwn, kind, type Now, type OptionKind, type Refusal, requestUrl, type WireRequest } from '@countersign/core'
import {
  createProofChecker,
  type DpopOptions,
  type DpopProof,
  dpopShape,
  type ProofChecker,
  readProof,
  requestPath,
} from '@countersign/jwt/dpop'
import type { ConfirmedRequest, Proved } from './confirmed-request.js'

/** How a guard checks DPoP proofs (RFC 9449 §7). */
export interface GuardDpopOptions extends DpopOptions {
  /**
   * The whole URL of a request, as clients see it. It must not trust fields that a client can set, such as `Host`.
   * @defaultValue the origin of `resource`, and the path that the client sent
   */
  readonly publicUrl?: (request: WireRequest) => string
}

/** What the option must be. */
export const guardDpopKind: OptionKind = kind.members<GuardDpopOptions>({ ...dpopShape, publicUrl: kind.func })

/** A proof that was accepted for a request, or why it was refused. */
type ProofVerdict = { readonly refusal: Refusal } | { readonly proved?: Proved; readonly nonce?: string | undefined }

/** Checks the proofs of requests. */
interface ProofCheck extends Pick<ProofChecker, 'algorithms' | 'nonce'> {
  /** Checks the proof of a request and uses it up. Rejects with `Unavailable` if the replay store cannot tell. */
  use(confirmed: ConfirmedRequest, thumbprint: string): Promise<ProofVerdict>
}

/**
 * Makes what checks the proofs of requests.
 *
 * @throws TypeError if the public URL of a request is not known
 */
export function createProofCheck(dpop: GuardDpopOptions, resource: string | undefined, now: Now): ProofCheck {
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
    nonce: () => checker.nonce(),
    async use(confirmed, thumbprint) {
      const { presented, proved } = confirmed
      if (proved !== undefined && isProved(confirmed)) return { proved, nonce: undefined }
      const checked = check(confirmed, thumbprint)
      if (hasOwn(checked, 'refusal')) return checked
      if (confirmed.record === false) return {}
      // Last, so that a stranger fills nothing; before the requirements, so that a replay causes nothing.
      const refusal = await checker.claim(checked.proof)
      if (refusal !== undefined) return { refusal }
      return { proved: { token: presented.token, proof: checked.text }, nonce: checker.nonceAfter(checked.proof) }
    },
  }
}
