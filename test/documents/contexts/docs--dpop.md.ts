export type { GuardDpopOptions } from '@countersign/verifier'
export { generateKeyPair, generateProof } from 'dpop'
