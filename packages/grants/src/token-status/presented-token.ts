import {
  type Endpoint,
  eventChannel,
  kind,
  type OptionShape,
  type Reply,
  type Stores,
  type TokenStatusEvent,
  type TokenVerifier,
  type WireRequest,
  wallClock,
} from '@countersign/core'
import { withFormerUses } from '../assertions/former-uses.js'
import type { AuthenticatedClient } from '../authentication/authenticate-client.js'
import { claimAssertion, createClientRequests, namedClient, ofKnownClient } from '../endpoint/client-request.js'
import { type ClientEndpointOptions, clientEndpointShape, storesKind } from '../endpoint/endpoint-options.js'
import { orRefused, rfc6749, tokenReply } from '../endpoint/reply.js'
import { createChangesOf } from '../issuing/changes.js'
import type { RateLimits } from '../limits/budget.js'
import { refused, type TokenRefused } from '../refusal.js'

/** What the endpoints for revocation and introspection have in common. */
export interface PresentedTokenOptions extends Omit<ClientEndpointOptions, 'rateLimits'> {
  readonly stores: Pick<Stores, 'attempts' | 'families' | 'replay'>
  /**
   * Verifies our own access tokens, for every audience that they are issued for: `createVerifier` with `signingKeys`, and the
   * revocations that the guards have.
   */
  readonly verifier: TokenVerifier
}

/** A token that an authenticated client presents. Nothing of the token is believed yet. */
interface PresentedToken {
  readonly ok: true
  readonly who: AuthenticatedClient
  readonly token: string
}

/** What becomes known of a request on its way; for the event. */
export type StatusTrace = { -readonly [K in keyof TokenStatusEvent]?: TokenStatusEvent[K] }

/** What will be answered. `outcome` is for the event. */
interface Decided {
  readonly ok: true
  readonly outcome: string
  readonly reply: Reply
  /** What has to be done for that to be true. */
  readonly step?: () => Promise<void>
}

/** What came of it. */
export type StatusAnswer = Decided | TokenRefused

/** What sets the endpoints apart. */
interface Kind {
  readonly channel: 'countersign:token-revocation' | 'countersign:introspection'
  readonly rateLimits: RateLimits | false
  /** Validates everything; what is to be done is done later. */
  decide(presented: PresentedToken, trace: StatusTrace): Promise<StatusAnswer>
}

/** What each of the options must be that these endpoints have in common. */
export const presentedTokenShape: OptionShape<PresentedTokenOptions & ClientEndpointOptions> = {
  ...clientEndpointShape,
  stores: kind.required(storesKind({ attempts: 'reserve', families: 'find', replay: 'claim' })),
  verifier: kind.required(kind.having('a verifier of our own access tokens, for instance createVerifier(…) with signingKeys', 'verify')),
}

/** An endpoint to which a client posts a form with a token (RFC 7009 §2.1, RFC 7662 §2.1). `token_type_hint` is not needed: tokens tell. */
export function createPresentedTokenEndpoint(options: PresentedTokenOptions, kind: Kind): Endpoint {
  const { issuer, clients, certificate, dialect = rfc6749, now = wallClock } = options
  const { channel, rateLimits } = kind
  const stores = withFormerUses(options.stores, now)
  const { attempts } = stores
  const requests = createClientRequests({
    issuer,
    clients,
    attempts,
    rateLimits,
    endpoint: channel,
    now,
    ...(certificate && { certificate }),
  })
  const changesOf = createChangesOf()
  const events = eventChannel(channel)

  async function authenticated(request: WireRequest, trace: StatusTrace): Promise<PresentedToken | TokenRefused> {
    const parsed = await requests.parse(request)
    if (!parsed.ok) return parsed
    const limit = await requests.rateLimit(parsed)
    if (!limit.ok) return limit
    const who = await requests.authenticateClient(parsed, limit)
    if (!who.ok) {
      if (ofKnownClient.includes(who.refusal.reason)) trace.clientId = namedClient(parsed.caller)
      return who
    }
    trace.clientId = who.client.id
    const token = parsed.parameters.get('token')
    return token === undefined ? refused('missing_parameter', { description: 'The parameter token is missing.' }) : { ok: true, who, token }
  }

  async function run(request: WireRequest, trace: StatusTrace): Promise<StatusAnswer> {
    const presented = await authenticated(request, trace)
    if (!presented.ok) return presented
    const answer = await kind.decide(presented, trace)
    if (!answer.ok) return answer
    // A client assertion is used up by a request that is answered, and by no other.
    const changes = changesOf()
    try {
      const used = await claimAssertion(presented.who.replayClaim, { replay: stores.replay, changes })
      if (used) return used
      await answer.step?.()
      return answer
    } catch (error) {
      await changes.takeBack()
      throw error
    }
  }

  return async (request) => {
    const startedAt = performance.now()
    const trace: StatusTrace = {}
    const answer = await orRefused(run(request, trace), trace)
    const outcome = answer.ok ? answer.outcome : answer.refusal.reason
    if (events.hasSubscribers) events.publish({ ...trace, outcome, durationMs: performance.now() - startedAt })
    return answer.ok ? answer.reply : tokenReply(answer, { issuer, dialect, context: { grantType: undefined } })
  }
}

/** The header fields of every answer that may tell of a token. */
export const notStored: Reply['headers'] = { 'cache-control': 'no-store', pragma: 'no-cache' }
