import type { WireRequest } from '@countersign/core'
import type { ClientVerdict } from './authenticate-client.js'
import { addressBlock } from './client-address.js'
import type { Clients } from './clients.js'
import type { PresentedClient } from './presented-client.js'
import type { Limiter } from './rate-limits.js'
import { refused } from './token-refusal.js'

/** What {@link createClientGate} needs. */
interface ClientGateOptions {
  readonly clients: Clients
  readonly limiter: Limiter
  readonly anonymousClient: string | undefined
}

/** The client id that a request names: it need not be known. */
export function namedClient(presented: PresentedClient): string {
  if (presented.method === 'anonymous') return ''
  return presented.method === 'client_secret_basic' ? (presented.decoded?.id ?? presented.raw.id) : presented.id
}

/** Lets clients in that are within their limits and who they say they are. */
export function createClientGate(options: ClientGateOptions): (request: WireRequest, presented: PresentedClient) => Promise<ClientVerdict> {
  const { clients, limiter, anonymousClient } = options
  return async (request, presented) => {
    const isGuess = presented.method === 'client_secret_basic' || presented.method === 'client_secret_post'
    const limit = await limiter.reserve(addressBlock(request.ip), namedClient(presented), isGuess)
    if (!limit.ok) return limit
    if (presented.method === 'anonymous' && anonymousClient === undefined) return refused('no_authentication')
    const known = presented.method === 'anonymous' ? ({ method: 'none', id: anonymousClient ?? '' } as const) : presented
    const verdict = await clients.authenticate(known)
    if (verdict.ok) await limit.succeeded()
    return verdict
  }
}
