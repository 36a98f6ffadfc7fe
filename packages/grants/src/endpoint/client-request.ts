import {
  type AttemptStore,
  authorizationField,
  type FormOptions,
  type FormParameters,
  hasOwn,
  type ReplayStore,
  readForm,
  type WireRequest,
  wallClock,
} from '@countersign/core'
import { claimOnce, type UseClaim, undoOf } from '../assertions/assertion.js'
import type { ClientVerdict } from '../authentication/authenticate-client.js'
import { type PresentedClient, presentedClient } from '../authentication/presented-client.js'
import type { Changes } from '../issuing/changes.js'
import { addressBlock } from '../limits/client-address.js'
import { createLimiter, type Reserved } from '../limits/rate-limits.js'
import { refused, refusedAs, type TokenReason, type TokenRefused } from '../refusal.js'
import type { ClientEndpointOptions } from './endpoint-options.js'

/** What says who makes a request. An asserted client is named by what its grant will prove. */
export type Caller = PresentedClient | { readonly method: 'asserted'; readonly id: string }

/** A request that could be read. Nothing of it is believed yet. */
export interface ParsedRequest {
  readonly ok: true
  readonly request: WireRequest
  readonly parameters: FormParameters
  readonly caller: Caller
}

/** The steps with which every endpoint begins that authenticates clients. All reject with `Unavailable` in an outage. */
export interface ClientRequests {
  /**
   * Reads parameters and credentials, unless the address of the request sent too much that cannot be read, or failed too often.
   *
   * @param note - called with the parameters as soon as they are read
   */
  parse(request: WireRequest, note?: (parameters: FormParameters) => void): Promise<ParsedRequest | TokenRefused>
  /** Reserves the request in the budgets of its address and client. */
  rateLimit(parsed: Pick<ParsedRequest, 'request' | 'caller'>): Promise<Reserved | TokenRefused>
  /** Decides whether the client is who it says it is. Its client assertion is not used up yet: see {@link claimAssertion}. */
  authenticateClient(parsed: Pick<ParsedRequest, 'caller'>, limit: Reserved): Promise<ClientVerdict>
}

interface ClientRequestsOptions extends Omit<ClientEndpointOptions, 'issuer' | 'dialect'> {
  readonly attempts: AttemptStore
  /** Our own `iss`. Without it, no client assertion is accepted. */
  readonly issuer?: string
  /** Whose requests are counted; failures count together, wherever they happen. @defaultValue 'token' */
  readonly endpoint?: string
  readonly form?: FormOptions
  /** Id of the public client that is used when a request names no client. */
  readonly anonymousClient?: string | undefined
}

/** Why a body could not be read, by status. */
const bodyFaults: Readonly<Record<400 | 413 | 415, TokenReason>> = {
  400: 'malformed_request',
  413: 'too_large',
  415: 'unsupported_media_type',
}

/** These refusals are of a client that is registered. */
export const ofKnownClient: readonly TokenReason[] = ['locked_client', 'wrong_secret', 'wrong_method_of_client']

/** The client id that a request names: it need not be known. */
export function namedClient(caller: Caller): string {
  if (caller.method === 'anonymous') return ''
  return caller.method === 'client_secret_basic' ? (caller.decoded?.id ?? caller.raw.id) : caller.id
}

/** What the budgets must know of a request. */
function limited({
  request,
  caller,
}: Pick<ParsedRequest, 'request' | 'caller'>): Parameters<ReturnType<typeof createLimiter>['reserve']>[0] {
  const isGuess = caller.method === 'client_secret_basic' || caller.method === 'client_secret_post'
  const isProof = isGuess || caller.method === 'private_key_jwt'
  return { address: addressBlock(request.ip), clientId: namedClient(caller), isGuess, isProof }
}

/** Makes the steps of an endpoint. */
export function createClientRequests(options: ClientRequestsOptions): ClientRequests {
  const { clients, attempts, issuer, rateLimits = {}, endpoint, form = {}, anonymousClient, now = wallClock } = options
  const limiter = createLimiter({ attempts, limits: rateLimits, now, ...(endpoint !== undefined && { endpoint }) })

  async function parse(request: WireRequest, note?: (parameters: FormParameters) => void): Promise<ParsedRequest | TokenRefused> {
    if (request.method !== undefined && request.method !== 'POST') return refused('wrong_method')
    const address = addressBlock(request.ip)
    const refusal = await limiter.beforeReading(address, authorizationField(request) !== undefined)
    if (refusal) return refusal
    const read = await readForm(request, form)
    if (!read.ok) {
      await limiter.unreadable(address)
      return refused(bodyFaults[read.status])
    }
    const { value: parameters } = read
    note?.(parameters)
    const caller = presentedClient(request, parameters)
    return hasOwn(caller, 'ok') ? caller : { ok: true, request, parameters, caller }
  }

  /** The grant proves it. */
  async function asserted(id: string): Promise<ClientVerdict> {
    const client = await clients.find(id)
    if (client === undefined || client.isLocked) return refusedAs('invalid_grant', client ? 'locked_client' : 'unknown_client')
    return { ok: true, client, secretId: undefined }
  }

  async function authenticateClient({ caller }: Pick<ParsedRequest, 'caller'>, limit: Reserved): Promise<ClientVerdict> {
    if (caller.method === 'asserted') return asserted(caller.id)
    if (caller.method === 'anonymous' && anonymousClient === undefined) return refused('no_authentication')
    const known = caller.method === 'anonymous' ? ({ method: 'none', id: anonymousClient ?? '' } as const) : caller
    const verdict = await clients.authenticate(known, issuer === undefined ? {} : { issuer })
    await (verdict.ok ? limit.succeeded() : limit.failed())
    return verdict
  }

  return { parse, rateLimit: (parsed) => limiter.reserve(limited(parsed)), authenticateClient }
}

/** Uses up the client assertion of a request, where it has one. A request that is refused before uses nothing up. */
export async function claimAssertion(
  claim: UseClaim | undefined,
  { replay, changes }: { readonly replay: ReplayStore; readonly changes: Changes },
): Promise<TokenRefused | undefined> {
  if (claim === undefined) return undefined
  const fault = await changes.make((callId) => claimOnce(replay, claim, callId), undoOf(replay, claim))
  return fault && refusedAs('invalid_client', fault.reason)
}
