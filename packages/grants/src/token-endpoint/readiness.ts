import { type Algorithm, checkParts, type Endpoint, type Lifecycle, type Readiness } from '@countersign/core'
import type { TokenEndpointOptions } from './token-endpoint-options.js'

/** A token endpoint, and whether it can issue tokens now. */
export interface TokenEndpoint extends Endpoint {
  /**
   * Asks the signer, the clients and the stores, which are tested for writing, and the revocations where they have a readiness. The parts are `signer`, `clients`,
   * `attempts`, `challenges`, `families`, `replay` and `revocations`. Stores of one adapter share one round trip. Never rejects for a part that is down.
   *
   * @example
   * const { ok, parts } = await tokenEndpoint.ready()
   */
  ready(): Promise<Readiness>
  /** The algorithms of DPoP proofs that it accepts, for the metadata (RFC 9449 §5.1); undefined where it checks none. */
  readonly dpopAlgorithms: readonly Algorithm[] | undefined
}

/** Revocations may be a view with a readiness, a store or an object of the host's. */
function readinessOf(revocations: object): Promise<Readiness> | undefined {
  const { ready } = revocations as Partial<Lifecycle>
  return typeof ready === 'function' ? ready.call(revocations) : undefined
}

/** The readiness of a token endpoint with these options. */
export function tokenEndpointReadiness({ signer, clients, stores, revocations }: TokenEndpointOptions): () => Promise<Readiness> {
  const parts = {
    signer: () => signer.current(),
    clients: () => clients.checkWrites?.(),
    attempts: () => stores.attempts.checkWrites?.(),
    challenges: () => stores.challenges.checkWrites?.(),
    families: () => stores.families.checkWrites?.(),
    replay: () => stores.replay.checkWrites?.(),
    ...(revocations && { revocations: () => readinessOf(revocations) }),
  }
  return () => checkParts(parts)
}
