import { randomUUID } from 'node:crypto'
import { hasOwn, type IssuedElsewhere, type Signer, type TokenEvent, wallClock } from '@countersign/core'
import { type UseClaim, useUp } from '../assertions/assertion.js'
import { type AuditRecord, createRecord } from '../endpoint/audit.js'
import type { TokenAnswer } from '../endpoint/reply.js'
import type { CheckedOptions, TokenEndpointOptions } from '../endpoint/token-endpoint-options.js'
import type { Grant, GrantAnswer, Granted, GrantPlan, GrantRequest, Validated } from '../grants/grant.js'
import { createReuseEnd } from '../refresh/reused-family.js'
import { refused, refusedAs, type TokenRefused } from '../refusal.js'
import { keysOf } from './access-token.js'
import { type Changes, createChangesOf } from './changes.js'
import { createSigning } from './judge-issued.js'
import { createMint, type Minted } from './mint.js'
import { createStatusFault } from './request-status.js'
import { areKeysGood } from './used-key.js'

/** What becomes known of a request on its way; for the event. */
export type Trace = { -readonly [K in keyof TokenEvent]?: TokenEvent[K] }

/** What the first half of the pipeline found. */
interface IssueContext {
  readonly signer: Signer
  readonly trace: Trace
  /** The replay claim of the client assertion of the request, where there is one. */
  readonly once: UseClaim | undefined
}

/** The second half of the pipeline: validate, status, sign, audit, commit, reply. */
export type IssueToken = (grant: Grant, request: GrantRequest, context: IssueContext) => Promise<TokenAnswer>

/** One request on its way through the second half. */
interface Course extends IssueContext {
  readonly grant: Grant
  readonly request: GrantRequest
  readonly plan: GrantPlan
  readonly changes: Changes
  readonly jti: string
  /** Puts what is about to be issued on record, where that is required. */
  record(): Promise<void>
}

/** What is known of a request when its token goes on record. */
const recordOf = ({ grant, clientId, subject, family }: Trace, jti: string): AuditRecord => ({
  ...(grant !== undefined && { grant }),
  ...(clientId !== undefined && { clientId }),
  ...(subject !== undefined && { subject }),
  ...(family !== undefined && { family }),
  jti,
})

function noteGranted(trace: Trace, { subject, family }: Granted): void {
  Object.assign(trace, { subject }, family !== undefined && { family })
}

/** A grant of the host's that answers with something else must not end in a token. */
function requireValidated({ type }: Grant, validated: Validated | undefined): Validated {
  const isPlan = validated?.ok === true && (validated.granted !== undefined || typeof validated.commit === 'function')
  if (validated !== undefined && (isPlan || (validated.ok === false && hasOwn(validated, 'refusal')))) return validated
  throw new TypeError(`createTokenEndpoint: validate of the grant ${type} must answer with a refusal, or with granted or commit`)
}

/** Uses up the client assertion of the request: a request that is refused before uses nothing up. */
async function claimAssertion({ request, changes, once }: Course): Promise<TokenRefused | undefined> {
  const { replay } = request.stores
  const fault = await useUp(once, { replay, changes })
  return fault && refusedAs('invalid_client', fault.reason)
}

/** Tokens of another issuer, as they are. */
function elsewhere(issued: IssuedElsewhere, { scopes }: Granted, { client }: GrantRequest, nowMs: number): TokenAnswer {
  const { accessToken, expiresInSeconds, refreshToken } = issued
  return { ok: true, response: { accessToken, expiresInSeconds, scopes, refreshToken, client, nowMs } }
}

/** Issues what a grant plans. */
export function createIssue(options: TokenEndpointOptions, checked: CheckedOptions): IssueToken {
  const { issuer } = options
  const uuid = options.randomUUID ?? randomUUID
  const now = options.now ?? wallClock
  const endReused = createReuseEnd({
    issuer,
    revocations: options.revocations,
    attempts: options.stores.attempts,
    families: options.stores.families,
    now,
  })
  const { sign, recheck } = createSigning(options)
  const statusFault = createStatusFault(options)
  const mint = createMint(options, checked, sign)
  const changesOf = createChangesOf()

  /** The one atomic step. What it refuses may have ended a chain. */
  async function commit(course: Course): Promise<GrantAnswer> {
    const { plan, changes, trace } = course
    const used = await claimAssertion(course)
    if (used) return used
    const run = plan.commit?.bind(plan)
    const answer = run ? await changes.make<GrantAnswer | undefined>(run, plan.undo?.bind(plan)) : plan.granted
    if (typeof answer?.ok !== 'boolean') throw new TypeError(`createTokenEndpoint: the grant ${course.grant.type} must answer its commit`)
    if (hasOwn(answer, 'refusal')) await endReused(answer.refusal.reason, trace.family)
    return answer
  }

  /** Keeps the chain that begins, looks at the token once more, and hands both over. */
  async function handOver(
    { request, changes, trace, jti }: Course,
    minted: Minted,
    refreshToken: string | undefined,
  ): Promise<TokenAnswer> {
    const { granted, claims, lifeSeconds, chain } = minted
    if (chain)
      await changes.make(
        (callId) => chain.keep(callId),
        (callId) => chain.undo(callId),
      )
    // A key that is revoked while its request is under way gives no token, also where no view of revocations is there.
    const isKeyGood = await areKeysGood(request.keys, request.client.id, keysOf(granted, request.key))
    const signed = isKeyGood ? await recheck(minted.signed, claims, request) : refused('assertion_key_revoked')
    if (hasOwn(signed, 'refusal')) return signed
    const { scopes, issuedTokenType, family } = granted
    Object.assign(trace, { jti }, family !== undefined && { family })
    const { accessToken } = signed
    const tokens = { accessToken, refreshToken: chain?.refreshToken ?? refreshToken, expiresInSeconds: lifeSeconds }
    return { ok: true, response: { ...tokens, scopes, issuedTokenType, claims, client: request.client, nowMs: now() } }
  }

  /** What is granted is known: all that can fail comes before the commit. */
  async function issueKnown(course: Course, planned: Granted): Promise<TokenAnswer> {
    noteGranted(course.trace, planned)
    const fault = await statusFault(course.grant, planned, course.request)
    if (fault) return refused(fault)
    const minted = await mint(course, planned)
    if (hasOwn(minted, 'refusal')) return minted
    await course.record()
    const answer = await commit(course)
    if (!answer.ok) return answer
    return handOver(course, minted, answer.refreshToken ?? undefined)
  }

  /** The commit says what is granted. */
  async function issueCommitted(course: Course): Promise<TokenAnswer> {
    await course.record()
    const granted = await commit(course)
    if (!granted.ok) return granted
    noteGranted(course.trace, granted)
    const fault = await statusFault(course.grant, granted, course.request)
    if (fault) return refused(fault)
    if (granted.issued) return elsewhere(granted.issued, granted, course.request, now())
    const minted = await mint(course, granted)
    return hasOwn(minted, 'refusal') ? minted : handOver(course, minted, granted.refreshToken ?? undefined)
  }

  return async (grant, request, context) => {
    const { trace } = context
    const plan = requireValidated(grant, await grant.validate(request))
    if (!plan.ok) {
      await endReused(plan.refusal.reason, trace.family)
      return plan
    }
    const jti = uuid()
    const record = options.audit ? createRecord(options.audit, () => recordOf(trace, jti)) : async () => undefined
    const changes = changesOf()
    const course: Course = { ...context, grant, request, plan, changes, jti, record }
    const { granted } = course.plan
    try {
      return await (granted && granted.issued === undefined ? issueKnown(course, granted) : issueCommitted(course))
    } catch (error) {
      // A failure of ours: what was answered 503 was not done.
      await changes.takeBack()
      throw error
    }
  }
}
