import { type Endpoint, eventChannel, hasOwn, isUnavailable, readForm, type WireRequest } from '@countersign/core'
import type { AuthenticatedClient } from './authenticate-client.js'
import { createClientGate, namedClient } from './client-gate.js'
import type { GrantRequest } from './grant.js'
import { createIssue, type Trace } from './issue-token.js'
import { presentedClient } from './presented-client.js'
import { createLimiter } from './rate-limits.js'
import { judgeScope } from './scope.js'
import { judgeTarget } from './target.js'
import { checkOptions, type TokenEndpointOptions } from './token-endpoint-options.js'
import { refused, refuseToken, type TokenReason, type TokenRefused } from './token-refusal.js'
import { type TokenAnswer, tokenReply } from './token-reply.js'

const events = eventChannel('countersign:token')
const bodyFaults: Readonly<Record<400 | 413 | 415, TokenReason>> = {
  400: 'malformed_request',
  413: 'too_large',
  415: 'unsupported_media_type',
}
/** The client that was named is there. */
const ofKnownClient: readonly TokenReason[] = ['locked_client', 'wrong_secret', 'wrong_method_of_client']
const repeatable = ['audience', 'resource']

function outcomeOf(answer: TokenAnswer): string {
  if (answer.ok) return 'issued'
  if (hasOwn(answer, 'refusal')) return answer.refusal.reason
  return answer.challenge.isRetry ? 'wrong_code' : 'challenged'
}

/**
 * A token endpoint (RFC 6749 §3.2), for POST. Every request goes through one pipeline: parse, rate limit, authenticate the
 * client, validate everything, one atomic step, status again, sign, reply.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function createTokenEndpoint(options: TokenEndpointOptions): Endpoint {
  const checked = checkOptions(options)
  const { issuer, clients, anonymousClient, isActive } = options
  const limiter = createLimiter(options.stores.attempts, options.rateLimits ?? {})
  const authenticate = createClientGate({ clients, limiter, anonymousClient })
  const issue = createIssue(options, checked)
  const now = options.now ?? Date.now

  /** What the grant is asked, if client and endpoint allow it. */
  function askedFor(who: AuthenticatedClient, ask: Pick<GrantRequest, 'parameters' | 'request' | 'note'>): GrantRequest | TokenRefused {
    const { client, secretId } = who
    const scope = ask.parameters.get('scope')
    const asked = judgeScope(scope, client.scopes, client.defaultScopes)
    if (!asked.ok) return asked
    const allowed = client.audiences ?? checked.audiences
    const target = judgeTarget(ask.parameters, allowed)
    if (!target.ok) return target
    return {
      parameters: ask.parameters,
      request: ask.request,
      note: ask.note,
      stores: options.stores,
      isActive: isActive && (async (granted) => (await isActive({ ...granted, client })) === true),
      client,
      secretId,
      requestedScopes: scope === undefined ? undefined : asked.scopes,
      requestedAudiences: target.audiences,
      scopes: asked.scopes,
      audiences: target.audiences ?? allowed.slice(0, 1),
      now: Math.floor(now() / 1000),
    }
  }

  async function run(request: WireRequest, trace: Trace, context: { grantType: string | undefined }): Promise<TokenAnswer> {
    if (request.method !== undefined && request.method !== 'POST') return refused('wrong_method')
    const form = await readForm(request, { json: options.json ?? false, repeatable })
    if (!form.ok) return refused(bodyFaults[form.status])
    const parameters = form.value
    const type = parameters.get('grant_type')
    context.grantType = type
    const grant = checked.grants.get(type ?? '')
    if (grant) trace.grant = grant.type
    const presented = presentedClient(request, parameters)
    if (hasOwn(presented, 'ok')) return presented
    if (type === undefined) return refused('missing_parameter')
    const who = await authenticate(request, presented)
    if (!who.ok) {
      if (ofKnownClient.includes(who.refusal.reason)) trace.clientId = namedClient(presented) || (anonymousClient ?? '')
      return who
    }
    trace.clientId = who.client.id
    if (grant === undefined) return refused('unsupported_grant_type')
    if (!who.client.grants.includes(grant.continues ?? grant.type))
      return refused(presented.method === 'anonymous' ? 'no_authentication' : 'grant_not_allowed')
    const asked = askedFor(who, { parameters, request, note: (seen) => void Object.assign(trace, seen) })
    if (hasOwn(asked, 'ok')) return asked
    // The signer first: without one there is no token, and nothing must be burned for none.
    return issue(grant, asked, { signer: await options.signer.current(), trace })
  }

  return async (request) => {
    const startedAt = performance.now()
    const trace: Trace = {}
    const context = { grantType: undefined }
    const answer = await run(request, trace, context).catch((error: unknown): TokenRefused => {
      if (!isUnavailable(error)) throw error
      trace.cause = error.cause
      return { ok: false, refusal: refuseToken('unavailable', { retryAfterSeconds: error.retryAfterSeconds }) }
    })
    if (events.hasSubscribers) events.publish({ ...trace, outcome: outcomeOf(answer), durationMs: performance.now() - startedAt })
    return tokenReply(answer, { issuer, dialect: checked.dialect, context })
  }
}
