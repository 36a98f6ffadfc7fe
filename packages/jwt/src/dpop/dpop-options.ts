import { type AsymmetricAlgorithm, kind, type OptionShape, type ReplayStore } from '@countersign/core'
import { algorithms, isHmac } from '../algorithms.js'
import type { DpopNonceOptions } from './nonces.js'

/** How proofs are checked. */
export interface DpopOptions {
  /** Where the ids of proofs are claimed: one store for all processes of a server. @defaultValue the memory of this process */
  readonly replay?: ReplayStore
  /** The algorithms that are accepted: asymmetric ones. @defaultValue `['ES256', 'EdDSA', 'RS256', 'PS256']` */
  readonly algorithms?: readonly AsymmetricAlgorithm[]
  /** How long after its `iat` a proof is accepted, in seconds. It does not count for a proof with a nonce. @defaultValue 60 */
  readonly proofLifetimeSeconds?: number
  /** How far the clock of a client may differ, in seconds. @defaultValue 5 */
  readonly toleranceSeconds?: number
  /** Demands nonces, so that the clock of a client does not matter. @defaultValue none */
  readonly nonce?: DpopNonceOptions
  /**
   * Most proofs of one key in a minute that this process accepts, so that one client cannot fill the store. @defaultValue 30000
   */
  readonly maxProofsPerMinute?: number
}

const asymmetric = algorithms.filter((name) => !isHmac(name))

/** What each of the options must be. */
export const dpopShape: OptionShape<DpopOptions> = {
  replay: kind.having('a replay store', 'claim'),
  algorithms: kind.listOf(kind.oneOf(...asymmetric)),
  proofLifetimeSeconds: kind.number({ unit: 'seconds', isAbove: true, most: 3600 }),
  toleranceSeconds: kind.number({ unit: 'seconds', most: 3600 }),
  nonce: kind.members<DpopNonceOptions>({
    secrets: kind.required(kind.secrets),
    required: kind.flag,
    lifetimeSeconds: kind.number({ unit: 'seconds', least: 10, most: 86_400 }),
  }),
  maxProofsPerMinute: kind.count,
}
