import type { RotatingSecrets, Stores } from '@countersign/core'

export type { TokenEndpointOptions } from '@countersign/grants'
export type { GuardDpopOptions } from '@countersign/verifier'
export { generateKeyPair, generateProof } from 'dpop'

export declare const stores: Stores
export declare const nonceSecrets: RotatingSecrets
