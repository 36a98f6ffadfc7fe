import { type Endpoint, eventChannel, hasOwn, type IssuedElsewhere, type Signer, wallClock } from '@countersign/core'
import { orRefused, type TokenAnswer } from '../endpoint/reply.js'
import type { Granted, GrantRequest } from '../grants/grant.js'
import type { Minted, Signed } from '../issuing/mint.js'
import { type TokenEndpoint, tokenEndpointReadiness } from './readiness.js'
import { createSteps, type PlannedRequest, type TokenCall } from './steps.js'
import { checkOptions, type TokenEndpointOptions } from './token-endpoint-options.js'

const events = eventChannel('countersign:token')

function outcomeOf(answer: TokenAnswer): string {
  if (answer.ok) return 'issued'
  if (hasOwn(answer, 'refusal')) return answer.refusal.reason
  return answer.challenge.isRetry ? 'wrong_code' : 'challenged'
}

/**
 * A token endpoint (RFC 6749 §3.2), for POST. Every request of every grant goes through the steps of one list: docs/grants.md
 * describes them by the same names.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function createTokenEndpoint(options: TokenEndpointOptions): TokenEndpoint {
  const checked = checkOptions(options)
  const steps = createSteps(options, checked)
  const now = options.now ?? wallClock

  async function answer(call: TokenCall): Promise<TokenAnswer> {
    const parsed = await steps.parse(call)
    if (!parsed.ok) return parsed
    const limit = await steps.rateLimit(parsed)
    if (!limit.ok) return limit
    const who = await steps.authenticateClient(call, parsed, limit)
    if (!who.ok) return who
    const proved = steps.checkProof(call, who)
    if (!proved.ok) return proved
    const found = await steps.findGrant(call, parsed, proved)
    if (!found.ok) return found
    const planned = await steps.validate(call, found, proved)
    if (!planned.ok) return planned
    // Get the signer first: if it is unavailable, nothing may be used up.
    const signer = await steps.getSigner()
    const { granted } = planned.plan
    try {
      return await (granted && granted.issued === undefined ? issueKnown(planned, granted, signer) : issueCommitted(planned, signer))
    } catch (error) {
      // A failure of ours: what was answered 503 was not done.
      await planned.changes.takeBack()
      throw error
    }
  }

  /** The plan knows what it grants: everything that can fail comes before the commit. */
  async function issueKnown(planned: PlannedRequest, granted: Granted, signer: Signer): Promise<TokenAnswer> {
    const fault = await steps.checkStatus(planned, granted)
    if (fault) return fault
    const minted = await steps.mint(planned, granted, signer)
    if (hasOwn(minted, 'refusal')) return minted
    await steps.audit(planned)
    const replayed = await steps.claimProof(planned)
    if (replayed) return replayed
    const used = await steps.claimAssertion(planned)
    if (used) return used
    const committed = await steps.commit(planned)
    if (!committed.ok) return committed
    await steps.keepFamily(planned, minted)
    const signed = await steps.recheck(planned, minted)
    return hasOwn(signed, 'refusal') ? signed : issued(planned, minted, signed, committed)
  }

  /** Only the commit says what is granted: a refresh token is rotated in one round trip. */
  async function issueCommitted(planned: PlannedRequest, signer: Signer): Promise<TokenAnswer> {
    await steps.audit(planned)
    const replayed = await steps.claimProof(planned)
    if (replayed) return replayed
    const used = await steps.claimAssertion(planned)
    if (used) return used
    const committed = await steps.commit(planned)
    if (!committed.ok) return committed
    const fault = await steps.checkStatus(planned, committed)
    if (fault) return fault
    if (committed.issued) return issuedElsewhere(committed.issued, committed, planned.request)
    const minted = await steps.mint(planned, committed, signer)
    if (hasOwn(minted, 'refusal')) return minted
    await steps.keepFamily(planned, minted)
    const signed = await steps.recheck(planned, minted)
    return hasOwn(signed, 'refusal') ? signed : issued(planned, minted, signed, committed)
  }

  function issued({ request, trace, jti }: PlannedRequest, minted: Minted, { accessToken }: Signed, committed: Granted): TokenAnswer {
    const { granted, claims, lifetimeSeconds: expiresInSeconds, started } = minted
    const { scopes, issuedTokenType, family } = granted
    Object.assign(trace, { jti }, family !== undefined && { family })
    const refreshToken = started?.refreshToken ?? committed.refreshToken ?? undefined
    const { client, proofKey } = request
    const tokenType = proofKey === undefined ? 'Bearer' : 'DPoP'
    return {
      ok: true,
      response: { accessToken, tokenType, expiresInSeconds, scopes, refreshToken, issuedTokenType, claims, client, nowMs: now() },
    }
  }

  /** Tokens of another issuer, as they are. */
  function issuedElsewhere(theirs: IssuedElsewhere, { scopes }: Granted, { client }: GrantRequest): TokenAnswer {
    const { accessToken, expiresInSeconds, refreshToken } = theirs
    return { ok: true, response: { accessToken, expiresInSeconds, scopes, refreshToken, client, nowMs: now() } }
  }

  const endpoint: Endpoint = async (request) => {
    const startedAt = performance.now()
    const call: TokenCall = { request, trace: {}, grantType: undefined, nonce: undefined }
    const answered = await orRefused(answer(call), call.trace)
    if (events.hasSubscribers) events.publish({ ...call.trace, outcome: outcomeOf(answered), durationMs: performance.now() - startedAt })
    return steps.reply(call, answered)
  }
  return Object.assign(endpoint, { ready: tokenEndpointReadiness(options), dpopAlgorithms: steps.proofAlgorithms })
}
