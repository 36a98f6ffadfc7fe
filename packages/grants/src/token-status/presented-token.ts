import {
  type Endpoint,
  eventChannel,
  hasOwn,
  isUnavailable,
  kind,
  type Now,
  type OptionShape,
  type Reply,
  type Stores,
  type TokenStatusEvent,
  type TokenVerifier,
  type WireRequest,
  wallClock,
} from '@countersign/core'
import { useUp } from '../assertions/assertion.js'
import { withFormerUses } from '../assertions/former-uses.js'
import type { AuthenticatedClient } from '../authentication/authenticate-client.js'
import { createClientGate, namedClient } from '../authentication/client-gate.js'
import { presentedClient } from '../authentication/presented-client.js'
import { createLimiter, type RateLimits } from '../authentication/rate-limits.js'
import type { Clients } from '../clients/clients.js'
import { rfc6749, type TokenDialect } from '../endpoint/dialect.js'
import { clientEndpointShape, storesKind } from '../endpoint/endpoint-shape.js'
import { readLimited } from '../endpoint/read-limited.js'
import { tokenReply } from '../endpoint/reply.js'
import { ofKnownClient } from '../endpoint/token-endpoint.js'
import type { TokenEndpointOptions } from '../endpoint/token-endpoint-options.js'
import { createChangesOf } from '../issuing/changes.js'
import { refused, refusedAs, refuseToken, type TokenRefused } from '../refusal.js'

/** What the endpoints for revocation and introspection have in common. */
export interface PresentedTokenOptions {
  /** Our own `iss`. */
  readonly issuer: string
  readonly clients: Clients
  readonly stores: Pick<Stores, 'attempts' | 'families' | 'replay'>
  /**
   * Verifies our own access tokens, for every audience that they are issued for: `createVerifier` with `ownIssuer`, and the
   * revocations that the guards have.
   */
  readonly verifier: TokenVerifier
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
  /** Words refusals. @defaultValue `rfc6749` */
  readonly dialect?: TokenDialect
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
export const presentedTokenShape: OptionShape<PresentedTokenOptions & Pick<TokenEndpointOptions, 'rateLimits'>> = {
  ...clientEndpointShape,
  stores: kind.required(storesKind({ attempts: 'reserve', families: 'find', replay: 'claim' })),
  verifier: kind.required(kind.having('a verifier of our own access tokens, for instance createVerifier(…) with ownIssuer', 'verify')),
}

/** An endpoint to which a client posts a form with a token (RFC 7009 §2.1, RFC 7662 §2.1). `token_type_hint` is not needed: tokens tell. */
export function createPresentedTokenEndpoint(options: PresentedTokenOptions, kind: Kind): Endpoint {
  const { issuer, clients, dialect = rfc6749 } = options
  const stores = withFormerUses(options.stores, options.now ?? wallClock)
  const limiter = createLimiter({
    attempts: stores.attempts,
    limits: kind.rateLimits,
    endpoint: kind.channel,
    now: () => (options.now ?? wallClock)(),
  })
  const authenticate = createClientGate({ clients, limiter, anonymousClient: undefined })
  const changesOf = createChangesOf()
  const events = eventChannel(kind.channel)

  async function read(request: WireRequest, trace: StatusTrace): Promise<PresentedToken | TokenRefused> {
    if (request.method !== undefined && request.method !== 'POST') return refused('wrong_method')
    const form = await readLimited(request, limiter, {})
    if (!form.ok) return form
    const presented = presentedClient(request, form.value)
    if (hasOwn(presented, 'ok')) return presented
    const who = await authenticate(request, presented, issuer)
    if (!who.ok) {
      if (ofKnownClient.includes(who.refusal.reason)) trace.clientId = namedClient(presented)
      return who
    }
    trace.clientId = who.client.id
    const token = form.value.get('token')
    return token === undefined ? refused('missing_parameter', { description: 'The parameter token is missing.' }) : { ok: true, who, token }
  }

  async function run(request: WireRequest, trace: StatusTrace): Promise<StatusAnswer> {
    const presented = await read(request, trace)
    if (!presented.ok) return presented
    const answer = await kind.decide(presented, trace)
    if (!answer.ok) return answer
    // A client assertion is used up by a request that is answered, and by no other.
    const changes = changesOf()
    try {
      const fault = await useUp(presented.who.once, { replay: stores.replay, changes })
      if (fault) return refusedAs('invalid_client', fault.reason)
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
    const answer = await run(request, trace).catch((error: unknown): TokenRefused => {
      if (!isUnavailable(error)) throw error
      trace.cause = error.cause
      return { ok: false, refusal: refuseToken('unavailable', { retryAfterSeconds: error.retryAfterSeconds }) }
    })
    const outcome = answer.ok ? answer.outcome : answer.refusal.reason
    if (events.hasSubscribers) events.publish({ ...trace, outcome, durationMs: performance.now() - startedAt })
    return answer.ok ? answer.reply : tokenReply(answer, { issuer, dialect, context: { grantType: undefined } })
  }
}

/** The header fields of every answer that may tell of a token. */
export const notStored: Reply['headers'] = { 'cache-control': 'no-store', pragma: 'no-cache' }
