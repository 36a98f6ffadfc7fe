import { type Endpoint, eventChannel, type FormParameters, hasOwn, isUnavailable, type WireRequest, wallClock } from '@countersign/core'
import { createClientGate, namedClient } from '../authentication/client-gate.js'
import { type PresentedClient, presentedClient } from '../authentication/presented-client.js'
import { createLimiter } from '../authentication/rate-limits.js'
import type { Grant } from '../grants/grant.js'
import { createAskGrant } from '../grants/grant-request.js'
import { createIssue, type Trace } from '../issuing/issue-token.js'
import { refused, refuseToken, type TokenReason, type TokenRefused } from '../refusal.js'
import { readLimited } from './read-limited.js'
import { type TokenAnswer, tokenReply } from './reply.js'
import { checkOptions, type TokenEndpointOptions } from './token-endpoint-options.js'
import { type TokenEndpoint, tokenEndpointReadiness } from './token-endpoint-readiness.js'

const events = eventChannel('countersign:token')
/** The client that was named is there. */
export const ofKnownClient: readonly TokenReason[] = ['locked_client', 'wrong_secret', 'wrong_method_of_client']
/** Of these, the proof that a request brings would otherwise not be looked at. */
const notThere: readonly TokenReason[] = ['unknown_client', 'locked_client']
const repeatable = ['audience', 'resource']

/** A client that nothing but what it presents to the grant identifies: the id is not said twice, or is the same. */
async function asserted(grant: Grant | undefined, presented: PresentedClient, parameters: FormParameters): Promise<string | undefined> {
  if (grant?.identification === undefined || (presented.method !== 'anonymous' && presented.method !== 'none')) return undefined
  const named = await grant.identification.named(parameters)
  return presented.method === 'anonymous' || presented.id === named ? named : undefined
}

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
export function createTokenEndpoint(options: TokenEndpointOptions): TokenEndpoint {
  const checked = checkOptions(options)
  const { issuer, clients, anonymousClient } = options
  const limiter = createLimiter({
    attempts: options.stores.attempts,
    limits: options.rateLimits ?? {},
    now: () => (options.now ?? wallClock)(),
  })
  const authenticate = createClientGate({ clients, limiter, anonymousClient })
  const issue = createIssue(options, checked)
  const askGrant = createAskGrant(options, checked.audiences)

  async function run(request: WireRequest, trace: Trace, context: { grantType: string | undefined }): Promise<TokenAnswer> {
    if (request.method !== undefined && request.method !== 'POST') return refused('wrong_method')
    const form = await readLimited(request, limiter, { json: options.json ?? false, repeatable })
    if (!form.ok) return form
    const parameters = form.value
    const type = parameters.get('grant_type')
    context.grantType = type
    const grant = checked.grants.get(type ?? '')
    if (grant) trace.grant = grant.type
    const presented = presentedClient(request, parameters)
    if (hasOwn(presented, 'ok')) return presented
    if (type === undefined) return refused('missing_parameter')
    const id = await asserted(grant, presented, parameters)
    const caller = id === undefined ? presented : ({ method: 'asserted', id } as const)
    const who = await authenticate(request, caller, issuer)
    if (!who.ok) {
      const { reason } = who.refusal
      if (id !== undefined && notThere.includes(reason)) grant?.identification?.unknown?.(parameters)
      // Of a client that is not known, nothing else is said.
      if (ofKnownClient.includes(reason) || reason.startsWith('assertion_')) trace.clientId = namedClient(caller) || (anonymousClient ?? '')
      return who
    }
    trace.clientId = who.client.id
    if (who.key) trace.key = who.key.thumbprint
    if (grant === undefined) return refused('unsupported_grant_type')
    const mayUse = who.client.grants.includes(grant.continues ?? grant.type)
    const asked = mayUse
      ? askGrant(who, { issuer, parameters, request, note: (seen) => void Object.assign(trace, seen) })
      : refused(presented.method === 'anonymous' && id === undefined ? 'no_authentication' : 'grant_not_allowed')
    if (hasOwn(asked, 'ok')) {
      const { client } = who
      const proof = id !== undefined && { client, parameters, keys: clients.keys, issuer, nowMs: (options.now ?? wallClock)() }
      return (proof && (await grant.identification?.fault(proof))) || asked
    }
    // The signer first: without one there is no token, and nothing must be burned for none.
    return issue(grant, asked, { signer: await options.signer.current(), trace, once: who.once })
  }

  const endpoint: Endpoint = async (request) => {
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
  return Object.assign(endpoint, { ready: tokenEndpointReadiness(options) })
}
