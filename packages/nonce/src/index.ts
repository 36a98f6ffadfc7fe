export {
  createNonceEndpoint,
  type NonceClient,
  type NonceDialect,
  type NonceEndpointOptions,
  type NonceEndpointReason,
  type NonceSubmission,
  readJsonSubmission,
} from './nonce-endpoint.js'
export { createNonces, type IssuedNonce, type NonceOptions, type NoncePurpose, type NonceSubject, type Nonces } from './nonces.js'
