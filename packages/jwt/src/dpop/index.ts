export type { ClaimedProof } from './claim-proof.js'
export { type DpopOptions, dpopShape } from './dpop-options.js'
export type { ProofAge } from './freshness.js'
export type { DpopNonceOptions } from './nonces.js'
export {
  createProofChecker,
  type DpopProof,
  type PresentedProof,
  type ProofChecker,
  type ProofCheckerOptions,
} from './proof-checker.js'
export type { ProvedRequest } from './proof-claims.js'
export { readProof } from './proof-field.js'
export { requestPath } from './target-url.js'
