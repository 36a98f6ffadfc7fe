import type { ReplayStore, WireRequest } from '@countersign/core'
import { claimOnce } from './assertion.js'
import type { ClientVerdict } from './authenticate-client.js'
import { addressBlock } from './client-address.js'
import type { Clients } from './clients.js'
import type { PresentedClient } from './presented-client.js'
import type { Limiter } from './rate-limits.js'
import { refused, refusedAs } from './token-refusal.js'

/** What {@link createClientGate} needs. */
interface ClientGateOptions {
  readonly clients: Clients
  readonly limiter: Limiter
  readonly anonymousClient: string | undefined
  /** Where client assertions are used up at once; absent: none is accepted, unless the caller names an issuer and uses it up. */
  readonly assertions?: { readonly issuer: string; readonly replay: ReplayStore }
}

/** A client that a request names in what the grant will prove. */
interface AssertedClient {
  readonly method: 'asserted'
  readonly id: string
}

/** Lets clients in. `issuer`: the caller uses client assertions for it up, later. */
type ClientGate = (request: WireRequest, presented: PresentedClient | AssertedClient, issuer?: string) => Promise<ClientVerdict>

/** The client id that a request names: it need not be known. */
export function namedClient(presented: PresentedClient | AssertedClient): string {
  if (presented.method === 'anonymous') return ''
  return presented.method === 'client_secret_basic' ? (presented.decoded?.id ?? presented.raw.id) : presented.id
}

/** Lets clients in that are within their limits and who they say they are. */
export function createClientGate(options: ClientGateOptions): ClientGate {
  const { clients, limiter, anonymousClient, assertions } = options

  async function asserted(id: string): Promise<ClientVerdict> {
    const client = await clients.find(id)
    if (client === undefined || client.isLocked) return refusedAs('invalid_grant', client ? 'locked_client' : 'unknown_client')
    return { ok: true, client, secretId: undefined }
  }

  return async (request, presented, issuer) => {
    const isGuess = presented.method === 'client_secret_basic' || presented.method === 'client_secret_post'
    const limit = await limiter.reserve(addressBlock(request.ip), namedClient(presented), isGuess)
    if (!limit.ok) return limit
    if (presented.method === 'anonymous' && anonymousClient === undefined) return refused('no_authentication')
    if (presented.method === 'asserted') return asserted(presented.id)
    const known = presented.method === 'anonymous' ? ({ method: 'none', id: anonymousClient ?? '' } as const) : presented
    const context = issuer ?? assertions?.issuer
    const verdict = await clients.authenticate(known, context === undefined ? {} : { issuer: context })
    if (!verdict.ok) return verdict
    await limit.succeeded()
    if (issuer !== undefined || assertions === undefined) return verdict
    const fault = await claimOnce(assertions.replay, verdict.once)
    return fault ? refusedAs('invalid_client', fault.reason) : verdict
  }
}
