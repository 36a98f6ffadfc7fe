import { randomUUID } from 'node:crypto'
import { hasOwn, type ReplayClaim, type Signer, type TokenEvent, wallClock } from '@countersign/core'
import { accessTokenClaims, keysOf } from './access-token.js'
import { longestWithRefreshSeconds } from './announce.js'
import { claimOnce } from './assertion.js'
import { type AuditRecord, createRecord } from './audit.js'
import { type Changes, createChangesOf } from './changes.js'
import type { BegunChain, Grant, GrantAnswer, Granted, GrantPlan, GrantRequest } from './grant.js'
import { createSigning, createSubjectEnd, type Signed } from './judge-issued.js'
import { createReuseEnd } from './reused-family.js'
import type { CheckedOptions, TokenEndpointOptions } from './token-endpoint-options.js'
import { refused, refusedAs, type TokenReason, type TokenRefused } from './token-refusal.js'
import type { TokenAnswer } from './token-reply.js'
import { areKeysGood } from './used-key.js'

/** What becomes known of a request on its way; for the event. */
export type Trace = { -readonly [K in keyof TokenEvent]?: TokenEvent[K] }

/** What the first half of the pipeline found. */
export interface IssueContext {
  readonly signer: Signer
  readonly trace: Trace
  /** The replay claim of the client assertion of the request, where there is one. */
  readonly once: ReplayClaim | undefined
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

/** A token of our own that is signed, but that nobody has yet. */
interface Minted {
  readonly granted: Granted
  readonly claims: Readonly<Record<string, unknown>>
  readonly signed: Signed
  readonly lifeSeconds: number
  /** A chain of refresh tokens that begins with it. */
  readonly chain: BegunChain | undefined
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
function requirePlan({ type }: Grant, plan: GrantPlan): void {
  if (plan?.ok === true && (plan.granted !== undefined || typeof plan.commit === 'function')) return
  throw new TypeError(`createTokenEndpoint: validate of the grant ${type} must answer with a refusal, or with granted or commit`)
}

/** Issues what a grant plans. */
export function createIssue(options: TokenEndpointOptions, checked: CheckedOptions): IssueToken {
  const { issuer, clients } = options
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
  const isSubjectEnded = createSubjectEnd(issuer, options.revocations)
  const chains = [...checked.grants.values()].find((grant) => grant.begin)
  const changesOf = createChangesOf()

  /** Whether client, secret and subject are still what they were when the request came in. */
  async function statusFault(
    grant: Grant,
    granted: Granted,
    { client, secretId, key, keys, isActive }: GrantRequest,
  ): Promise<TokenReason | undefined> {
    const isLate = grant.isImmediate !== true || key !== undefined
    const [current, isEnded] = await Promise.all([isLate ? clients.find(client.id) : undefined, isSubjectEnded(granted)])
    if (isEnded) return granted.family === undefined ? 'inactive_subject' : 'refresh_revoked'
    if (isLate) {
      if (current === undefined || current.isLocked || current.era !== client.era) return 'locked_client'
      if (secretId !== undefined && !current.secrets.some(({ id }) => id === secretId)) return 'wrong_secret'
      if (!(await areKeysGood(keys, client.id, keysOf(granted, key)))) return 'assertion_key_revoked'
    }
    if (isActive && !(await isActive(granted))) return 'inactive_subject'
    if (granted.isPerson && (await clients.find(granted.subject)))
      throw new TypeError('createTokenEndpoint: the subject of a person is the id of a client')
    return undefined
  }

  function lifeOf(grant: Grant, { client, now: issuedAt }: GrantRequest, granted: Granted): number {
    const { accessTokenSeconds: set } = client
    const ofClient = typeof set === 'object' ? set[grant.type] : set
    const seconds = Math.max(1, Math.floor(ofClient ?? grant.accessTokenSeconds ?? checked.accessTokenSeconds))
    const own = granted.family === undefined ? seconds : Math.min(seconds, longestWithRefreshSeconds)
    return Math.max(1, Math.min(own, Math.floor(granted.expiresAt ?? Number.POSITIVE_INFINITY) - issuedAt))
  }

  /** Signs a token of our own, for which a chain of refresh tokens begins where the client gets one. Nothing is kept yet. */
  async function mint({ grant, request, signer, jti }: Course, planned: Granted): Promise<Minted | TokenRefused> {
    const { client, secretId, key, now: issuedAt } = request
    const chain =
      // What belongs to a chain has no other one: it would outlive its own.
      planned.refreshToken === undefined && planned.family === undefined
        ? await chains?.begin?.(planned, { ...request, grantType: grant.continues ?? grant.type })
        : undefined
    const granted = chain ? { ...planned, family: chain.family } : planned
    const ofHost = (await options.claims?.({ ...granted, client })) ?? {}
    const lifeSeconds = lifeOf(grant, request, granted)
    const claims = accessTokenClaims({ issuer, client, secretId, key, granted, claims: ofHost, jti, now: issuedAt, lifeSeconds })
    const signed = await sign(claims, signer, request)
    return hasOwn(signed, 'refusal') ? signed : { granted, claims, signed, lifeSeconds, chain }
  }

  /** Uses up the client assertion of the request: a request that is refused before uses nothing up. */
  async function claimAssertion({ request, changes, once }: Course): Promise<TokenRefused | undefined> {
    if (once === undefined) return undefined
    const { replay } = request.stores
    const fault = await changes.make(() => claimOnce(replay, once))
    return fault && refusedAs('invalid_client', fault.reason)
  }

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

  /** Tokens of another issuer, as they are. */
  function elsewhere({ issued, scopes }: Granted & Required<Pick<Granted, 'issued'>>, { client }: GrantRequest): TokenAnswer {
    const { accessToken, expiresInSeconds, refreshToken } = issued
    return { ok: true, response: { accessToken, expiresInSeconds, scopes, refreshToken, client, nowMs: now() } }
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
    if (hasOwn(granted, 'issued')) return elsewhere(granted as Granted & Required<Pick<Granted, 'issued'>>, course.request)
    const minted = await mint(course, granted)
    return hasOwn(minted, 'refusal') ? minted : handOver(course, minted, granted.refreshToken ?? undefined)
  }

  return async (grant, request, context) => {
    const { trace } = context
    const plan = await grant.validate(request)
    if (hasOwn(plan ?? {}, 'refusal')) {
      const { refusal } = plan as TokenRefused
      await endReused(refusal.reason, trace.family)
      return { ok: false, refusal }
    }
    requirePlan(grant, plan as GrantPlan)
    const jti = uuid()
    const record = options.audit ? createRecord(options.audit, () => recordOf(trace, jti)) : async () => undefined
    const changes = changesOf()
    const course: Course = { ...context, grant, request, plan: plan as GrantPlan, changes, jti, record }
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
