import {
  type Admission,
  isRefusal,
  isUnavailable,
  type JwtClaims,
  type Refusal,
  type Requirement,
  refuse,
  shownValue,
  type WireRequest,
  wallClock,
} from '@countersign/core'
import { isKnown, refused, type Verdict } from '../token/verdict.js'
import type { Course } from '../token/verify-token.js'
import { readBearer, tokenPlaces } from './bearer.js'
import type { AuthOfIssuers, GuardOptions, Issuers, ResourceGuard } from './guard-options.js'
import { checkGuardOptions } from './guard-shape.js'
import { createJudgements } from './judgements.js'
import { type ChallengeOptions, headerText, plainDialect, refusalReply } from './refusal-reply.js'
import { metadataUrl, resourceUrl } from './resource-metadata.js'
import { publishAnonymous, publishOutage, publishVerdict, startTimer, verifierParts } from './verifier.js'
import { judgedObject, wireRequest } from './wire-request.js'

/** Admitted without credentials. */
const anonymous: unique symbol = Symbol('anonymous')

/** What a check has come to. */
interface Judgement<A> extends Course {
  /** Undefined while it is open and after a refusal. */
  admitted: A | typeof anonymous | undefined
}

function challengeOptions(options: Pick<GuardOptions, 'resource' | 'metadata' | 'realm' | 'dialect'>): ChallengeOptions {
  const { resource, metadata, dialect = plainDialect } = options
  if (resource !== undefined) resourceUrl(resource)
  if (metadata !== undefined && resource === undefined)
    throw new TypeError('createGuard: resource must be given with metadata, got undefined')
  return {
    realm: headerText('realm', options.realm ?? resource ?? 'api'),
    metadataUrl: metadata && resource ? metadataUrl(resource) : undefined,
    dialect,
  }
}

function checkedRequirements(requirements: readonly Requirement<never, never>[]): void {
  for (const requirement of requirements) {
    if (typeof requirement !== 'function') throw new TypeError(`guard: a requirement must be a function, got ${shownValue(requirement)}`)
  }
}

/** Its own member only: one that every object has, by a library that pollutes prototypes, would open every route. */
function admitsAnonymous(requirement: Requirement<never, never>): boolean {
  return Object.hasOwn(requirement, 'admitsAnonymous') && requirement.admitsAnonymous === true
}

/** The first refusal in order; one for scopes names all scopes that the route needs. */
async function firstRefusal<A, R>(
  requirements: readonly Requirement<A, R>[],
  auth: A,
  request: R,
  now: number,
): Promise<Refusal | undefined> {
  for (const requirement of requirements) {
    const answer = await requirement(auth, request, { now })
    if (answer === undefined) continue
    // Without this check, a requirement that returns null, false or true by mistake would admit everybody.
    if (!isRefusal(answer))
      throw new TypeError(
        `guard: a requirement must return undefined or a refusal, got ${shownValue(answer)}; requireScopes, for instance, must be called first`,
      )
    if (answer.reason !== 'insufficient_scope') return answer
    const scopes = [
      ...new Set(requirements.flatMap((one) => (Object.hasOwn(one, 'scopes') && one.scopes) || []).concat(answer.scopes ?? [])),
    ]
    return { ...answer, scopes }
  }
  return undefined
}

/**
 * A guard for a resource server: it trusts several issuers, each under its own rules, and answers by RFC 6750.
 *
 * @param options - see {@link GuardOptions}
 * @throws TypeError if an option is missing or wrong
 */
export function createGuard<const I extends Issuers, const Via extends string = never, Claims extends object = JwtClaims>(
  options: GuardOptions<I, Via, Claims>,
): ResourceGuard<I, AuthOfIssuers<I, Via, Claims>> {
  type A = AuthOfIssuers<I, Via, Claims>
  checkGuardOptions(options)
  const { verifier, judge } = verifierParts<I, A>('createGuard', options)
  const challenge = challengeOptions(options)
  const places = tokenPlaces(options.tokenFrom)
  const now = options.now ?? wallClock
  const judgements = createJudgements<Judgement<A>>()

  function refuseWith(refusal: Refusal): Admission<A> {
    return { ok: false, reason: refusal.reason, reply: refusalReply(refusal, challenge) }
  }

  /** Undefined: no credentials at all, and the route allows that. */
  function judgeRequest<R>(
    request: WireRequest,
    host: object,
    requirements: readonly Requirement<A, R>[],
    course: Course,
  ): Verdict | undefined | Promise<Verdict> {
    const credentials = readBearer(request, places)
    if (credentials.kind === 'refused') return refused(credentials.refusal)
    if (credentials.kind === 'none') return requirements.some(admitsAnonymous) ? undefined : refused(refuse('no_credentials'))
    const judged = judge(credentials.token, course)
    return requirements.length === 0 ? judged : judgeRequirements(judged, host, requirements)
  }

  async function judgeRequirements<R>(
    judged: Verdict | Promise<Verdict>,
    host: object,
    requirements: readonly Requirement<A, R>[],
  ): Promise<Verdict> {
    const verdict = isKnown(judged) ? judged : await judged
    if (!verdict.ok) return verdict
    const refusal = await firstRefusal(requirements, verdict.auth as unknown as A, host as R, now() / 1000)
    return refusal ? { ok: false, refusal, via: verdict.auth.via, cached: verdict.cached } : verdict
  }

  function admissionOf(verdict: Verdict | undefined, judgement: Judgement<A>, startedAt: number | undefined): Admission<A> {
    if (verdict === undefined) {
      judgement.admitted = anonymous
      publishAnonymous(startedAt)
      return { ok: true, auth: undefined, anonymous: true }
    }
    publishVerdict(verdict, startedAt)
    if (!verdict.ok) return refuseWith(verdict.refusal)
    // The entries of `issuers` made the Auth: its type follows from theirs.
    const auth = verdict.auth as unknown as A
    judgement.admitted = auth
    return { ok: true, auth, anonymous: false }
  }

  function admittedWith(request: object): A | typeof anonymous {
    const admitted = judgements.of(request)?.admitted
    if (admitted === undefined) throw new Error('this guard did not admit this request: is protect() mounted before the handler?')
    return admitted
  }

  return {
    verifier,
    resource: options.resource,
    metadata: options.metadata,
    tokenFrom: places,
    async check(sent, ...requirements) {
      const startedAt = startTimer()
      const host = judgedObject(sent)
      // The result of this check replaces that of an earlier one, also of one that has not ended.
      const judgement: Judgement<A> = { admitted: undefined, via: undefined }
      judgements.note(host, judgement)
      checkedRequirements(requirements)
      try {
        const judged = judgeRequest(wireRequest(sent), host, requirements, judgement)
        return admissionOf(judged === undefined || isKnown(judged) ? judged : await judged, judgement, startedAt)
      } catch (error) {
        if (!isUnavailable(error)) throw error
        publishOutage(error, judgement.via, startedAt)
        return refuseWith(refuse(error.reason, { retryAfterSeconds: error.retryAfterSeconds }))
      }
    },
    authOf(request) {
      const auth = admittedWith(request)
      if (auth === anonymous) throw new Error('this guard admitted this request without credentials: use optionalAuthOf')
      return auth
    },
    optionalAuthOf(request) {
      const auth = admittedWith(request)
      return auth === anonymous ? undefined : auth
    },
    ready: (how) => verifier.ready(how),
    close: () => verifier.close(),
    [Symbol.asyncDispose]: () => verifier.close(),
  }
}
