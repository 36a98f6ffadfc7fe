import type { WireRequest } from '@countersign/core'
import type { Clients } from '../clients/clients.js'
import { refused, refusedAs } from '../refusal.js'
import type { ClientVerdict } from './authenticate-client.js'
import { addressBlock } from './client-address.js'
import type { PresentedClient } from './presented-client.js'
import type { Limiter } from './rate-limits.js'

/** What {@link createClientGate} needs. */
interface ClientGateOptions {
  readonly clients: Clients
  readonly limiter: Limiter
  readonly anonymousClient: string | undefined
}

/** A client that a request names in what the grant will prove. */
interface AssertedClient {
  readonly method: 'asserted'
  readonly id: string
}

/** Lets clients in. Client assertions are for an `issuer`, and the caller uses them up; without one, none is accepted. */
type ClientGate = (request: WireRequest, presented: PresentedClient | AssertedClient, issuer?: string) => Promise<ClientVerdict>

/** The client id that a request names: it need not be known. */
export function namedClient(presented: PresentedClient | AssertedClient): string {
  if (presented.method === 'anonymous') return ''
  return presented.method === 'client_secret_basic' ? (presented.decoded?.id ?? presented.raw.id) : presented.id
}

/** Lets clients in that are within their limits and who they say they are. */
export function createClientGate(options: ClientGateOptions): ClientGate {
  const { clients, limiter, anonymousClient } = options

  async function asserted(id: string): Promise<ClientVerdict> {
    const client = await clients.find(id)
    if (client === undefined || client.isLocked) return refusedAs('invalid_grant', client ? 'locked_client' : 'unknown_client')
    return { ok: true, client, secretId: undefined }
  }

  return async (request, presented, issuer) => {
    const { method } = presented
    const isGuess = method === 'client_secret_basic' || method === 'client_secret_post'
    const isProof = isGuess || method === 'private_key_jwt'
    const limit = await limiter.reserve({ address: addressBlock(request.ip), clientId: namedClient(presented), isGuess, isProof })
    if (!limit.ok) return limit
    if (presented.method === 'anonymous' && anonymousClient === undefined) return refused('no_authentication')
    if (presented.method === 'asserted') return asserted(presented.id)
    const known = presented.method === 'anonymous' ? ({ method: 'none', id: anonymousClient ?? '' } as const) : presented
    const verdict = await clients.authenticate(known, issuer === undefined ? {} : { issuer })
    await (verdict.ok ? limit.succeeded() : limit.failed())
    return verdict
  }
}
