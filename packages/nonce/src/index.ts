export type { IssuedNonce } from './issue-nonce.js'
export type { NonceDialect, NonceEndpointReason } from './nonce-dialect.js'
export {
  createNonceEndpoint,
  type NonceClient,
  type NonceEndpointOptions,
  type NonceSubmission,
  readJsonSubmission,
  type UnreadableSubmission,
} from './nonce-endpoint.js'
export type { NonceOptions, NoncePurpose, NonceRevocations, NonceSubject } from './nonce-options.js'
export { createNonces, type NonceBinding, type Nonces } from './nonces.js'
