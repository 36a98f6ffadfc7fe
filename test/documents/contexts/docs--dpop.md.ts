import { randomBytes } from 'node:crypto'
import type { RotatingSecrets, Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'

export type { TokenEndpointOptions } from '@countersign/grants'
export type { GuardDpopOptions } from '@countersign/verifier'
export { generateKeyPair, generateProof } from 'dpop'

export const stores: Stores = memoryStores()
export const nonceSecrets: RotatingSecrets = { current: { id: '1', secret: randomBytes(32) } }
