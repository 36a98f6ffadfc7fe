import { memoryStores } from '@countersign/core/memory'
import { clientCredentials, type Grant, refreshToken, type TokenEndpointOptions } from '@countersign/grants'
import { issuer, type Setup, setup } from '../grants/endpoint-setup.js'
import { type ClientKey, type ProofChanges, proofOf } from './proofs.js'

export const tokenUrl = `${issuer}/token`
export const refreshSecrets = { current: { id: 'r', secret: 'k'.repeat(32) } }

/** A person signs in, by saying so. */
const signIn: Grant = {
  type: 'urn:test:sign-in',
  validate: async ({ scopes, audiences }) => ({ ok: true, granted: { ok: true, subject: 'person-1', isPerson: true, scopes, audiences } }),
}

export interface DpopSetup extends Setup {
  /** A proof for this endpoint, as header fields. */
  proved(key: ClientKey, changes?: ProofChanges): Promise<Readonly<Record<string, string>>>
  /** An hour of memory, so that the store can tell of each proof. */
  later(): void
}

/** A token endpoint that checks proofs. */
export function startEndpoint(options: Partial<TokenEndpointOptions> & { readonly dpop?: object } = {}): DpopSetup {
  const { dpop, ...rest } = options
  const clockHolder: { now: () => number } = { now: () => 0 }
  const allStores = memoryStores({ now: () => clockHolder.now() })
  const made = setup({
    allStores,
    grants: [clientCredentials(), signIn, refreshToken({ secrets: refreshSecrets })],
    senderConstraint: { dpop: { url: tokenUrl, replay: allStores.replay, ...dpop } },
    ...rest,
  })
  clockHolder.now = made.clock.now
  return {
    ...made,
    later: () => made.clock.advance(3600),
    async proved(key, { header = {}, claims = {} } = {}) {
      const iat = made.clock.now() / 1000
      return { dpop: await proofOf(key, { header, claims: { htu: tokenUrl, htm: 'POST', iat, ath: undefined, ...claims } }) }
    },
  }
}
