import { type Algorithm, hasOwn, type Now, type Refusal, type WireRequest } from '@countersign/core'
import { createProofChecker, type DpopProof, readProof } from '@countersign/jwt/dpop'
import type { AuthenticatedClient } from '../authentication/authenticate-client.js'
import type { PresentedCertificate } from '../grants/grant.js'
import { type ProofReason, refused, type TokenRefused } from '../refusal.js'
import type { EndpointDpopOptions } from './token-endpoint-options.js'

/** A request on its way through the endpoint. */
interface Call {
  readonly request: WireRequest
  /** For the field `DPoP-Nonce` of the reply. */
  nonce: string | undefined
}

/** A client that is authenticated, with the proof and the certificate of its request. */
export type ProvedClient = Omit<AuthenticatedClient, 'certificate'> & {
  readonly proof: DpopProof | undefined
  readonly certificate: PresentedCertificate | undefined
}

/** The two steps of a DPoP proof at a token endpoint (RFC 9449 §5). */
interface ProofSteps {
  /** The accepted algorithms; undefined where proofs are not looked at. */
  readonly algorithms: readonly Algorithm[] | undefined
  /** Checks the proof of a request, where it has one. Nothing is used up. */
  check(call: Call, who: AuthenticatedClient): ProvedClient | TokenRefused
  /** Uses the proof up, before anything else is used up. Rejects with `Unavailable` if the store cannot tell. */
  claim(call: Call, proof: DpopProof | undefined): Promise<TokenRefused | undefined>
}

/** The certificate of a request, and whether its token is bound to it (RFC 8705 §3, §4). */
function boundCertificate({
  client,
  certificate,
  isByCertificate = false,
}: AuthenticatedClient): PresentedCertificate | TokenRefused | undefined {
  const isDemanded = client.tlsClientCertificateBoundAccessTokens === true
  if (certificate === undefined) return isDemanded ? refused('certificate_missing') : undefined
  return { thumbprint: certificate.thumbprint, isAuthentication: isByCertificate, isBound: isDemanded || isByCertificate }
}

/** Makes them. Without options, proofs are not looked at, as a server does that does not know them. */
export function createProofSteps(options: EndpointDpopOptions | undefined, now: Now): ProofSteps {
  const { url: configured, ...dpop } = options ?? {}
  // A configured URL is resolved once; that of a request must have no dot segments.
  const url = configured === undefined ? '' : new URL(configured).href
  const checker = options && createProofChecker({ ...dpop, now })

  function refusedBy({ reason, retryAfterSeconds }: Refusal, call: Call): TokenRefused {
    if (reason === 'too_many') return refused('too_many_requests', retryAfterSeconds === undefined ? {} : { retryAfterSeconds })
    if (reason === 'proof_nonce') call.nonce = checker?.nonce()
    return refused(reason as ProofReason)
  }

  return {
    algorithms: checker?.algorithms,
    check(call, who) {
      const read = checker && readProof(call.request)
      const isMissing = read === undefined || (hasOwn(read, 'refusal') && read.refusal.reason === 'proof_missing')
      const certificate = boundCertificate(who)
      if (certificate !== undefined && hasOwn(certificate, 'refusal')) return certificate
      if (isMissing) return who.client.dpopBoundAccessTokens === true ? refused('proof_missing') : { ...who, certificate, proof: undefined }
      if (hasOwn(read, 'refusal')) return refusedBy(read.refusal, call)
      const checked = checker?.check({ proof: read.proof, method: call.request.method ?? 'POST', url })
      if (checked === undefined || hasOwn(checked, 'refusal')) return checked ? refusedBy(checked.refusal, call) : refused('proof_missing')
      return { ...who, certificate, proof: checked.proof }
    },
    async claim(call, proof) {
      if (proof === undefined || checker === undefined) return undefined
      const refusal = await checker.claim(proof)
      if (refusal !== undefined) return refusedBy(refusal, call)
      call.nonce = checker.nonceAfter(proof)
      return undefined
    },
  }
}
