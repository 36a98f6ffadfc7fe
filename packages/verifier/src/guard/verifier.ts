import { eventChannel, globalFetch, isUnavailable, type JwtClaims, mathRandom, type Unavailable, wallClock } from '@countersign/core'
import { createSharedSources } from '../issuers/shared-sources.js'
import { createTrust } from '../issuers/trust.js'
import { createTokenCache } from '../token/token-cache.js'
import { isKnown, type Verdict } from '../token/verdict.js'
import { type Course, createJudge, type JudgeToken } from '../token/verify-token.js'
import type { AuthOfIssuers, Issuers, Verifier, VerifierOptions } from './guard-options.js'
import { checkVerifierOptions } from './guard-shape.js'
import { readinessOf } from './readiness.js'
import { createTenants } from './tenants.js'

const accepted = eventChannel('countersign:accepted')
const refusals = eventChannel('countersign:refused')
const anonymous = eventChannel('countersign:anonymous')

/** Milliseconds of the monotonic clock; undefined when nobody would be told how long it took. */
export function startTimer(): number | undefined {
  return accepted.hasSubscribers || refusals.hasSubscribers || anonymous.hasSubscribers ? performance.now() : undefined
}

function since(startedAt: number | undefined): number {
  return startedAt === undefined ? 0 : performance.now() - startedAt
}

/** Tells subscribers what came of a token or a request. */
export function publishVerdict(verdict: Verdict, startedAt: number | undefined): void {
  if (verdict.ok) {
    const { auth, cached } = verdict
    if (accepted.hasSubscribers) accepted.publish({ via: auth.via, issuer: auth.issuer, cached, durationMs: since(startedAt) })
  } else if (refusals.hasSubscribers) {
    const { refusal, via, cached } = verdict
    refusals.publish({ reason: refusal.reason, via, cached, durationMs: since(startedAt), detail: refusal.detail })
  }
}

/** Tells subscribers of a request without credentials that was admitted. */
export function publishAnonymous(startedAt: number | undefined): void {
  if (anonymous.hasSubscribers) anonymous.publish({ durationMs: since(startedAt) })
}

/** Tells subscribers of an outage. */
export function publishOutage({ reason, cause }: Unavailable, via: string | undefined, startedAt: number | undefined): void {
  if (!refusals.hasSubscribers) return
  refusals.publish({ reason, via, cached: false, durationMs: since(startedAt), detail: undefined, cause })
}

/** What a guard builds on: the verifier, and its work without promises where none is needed. */
export interface VerifierParts<I extends Issuers, A extends object> {
  readonly verifier: Verifier<I, A>
  readonly judge: JudgeToken
}

/**
 * Builds a verifier and its inner judge.
 *
 * @param factory - what messages of errors begin with
 */
export function verifierParts<I extends Issuers, A extends object>(
  factory: string,
  options: VerifierOptions<I, string, object>,
): VerifierParts<I, A> {
  const { resolveIssuer, maxTokenBytes = 8192, revocations } = options
  const { now = wallClock, fetch = globalFetch, random = mathRandom } = options
  const context = { now, fetch, random, shared: createSharedSources() }
  const trust = createTrust({ factory, issuers: options.issuers, ...context })
  if (resolveIssuer && Object.hasOwn(options.issuers, resolveIssuer.via))
    throw new TypeError(`${factory}: resolveIssuer.via must not be a name in issuers, got ${JSON.stringify(resolveIssuer.via)}`)
  const tenants = resolveIssuer && createTenants(factory, resolveIssuer, context)
  const judge = createJudge({
    find: (issuer) => trust.find(issuer) ?? tenants?.find(issuer),
    cache: options.cache === false ? undefined : createTokenCache(options.cache ?? {}),
    revocations,
    maxTokenBytes,
    now: context.now,
  })

  async function close(): Promise<void> {
    trust.close()
    tenants?.close()
  }

  const verifier: Verifier<I, A> = {
    async verify(token) {
      const startedAt = startTimer()
      const course: Course = { via: undefined }
      try {
        const judged = judge(token, course)
        const verdict = isKnown(judged) ? judged : await judged
        publishVerdict(verdict, startedAt)
        // The entries of `issuers` made the Auth: its type follows from theirs.
        return verdict.ok ? { ok: true, auth: verdict.auth as unknown as A } : { ok: false, refusal: verdict.refusal }
      } catch (error) {
        if (isUnavailable(error)) publishOutage(error, course.via, startedAt)
        throw error
      }
    },
    setIssuer: (name, entry) => trust.set(name, entry),
    removeIssuer: (name) => trust.remove(name),
    issuers: () => trust.all().map(({ issuer }) => issuer),
    ready: (how) => readinessOf(trust.all(), revocations, how),
    close,
    [Symbol.asyncDispose]: close,
  }
  return { verifier, judge }
}

/**
 * Verifies tokens of several issuers, each under its own rules, without HTTP.
 *
 * @throws TypeError if an option is missing or wrong
 */
export function createVerifier<const I extends Issuers, const Via extends string = never, Claims extends object = JwtClaims>(
  options: VerifierOptions<I, Via, Claims>,
): Verifier<I, AuthOfIssuers<I, Via, Claims>> {
  checkVerifierOptions(options)
  return verifierParts<I, AuthOfIssuers<I, Via, Claims>>('createVerifier', options).verifier
}
