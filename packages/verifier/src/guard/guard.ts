import {
  type Admission,
  type Auth,
  type ClaimedSender,
  type FetchRequest,
  fixedTokenPlaces,
  type Guard,
  isUnavailable,
  type JwtClaims,
  promisedCheck,
  type Refusal,
  type Requirement,
  refuse,
  type WireRequest,
  wallClock,
  whenKnown,
} from '@countersign/core'
import { claimedSenderOf, dryRunOf } from '../dry-run/dry-run.js'
import type { ConfirmedRequest, Proved, TokenScheme } from '../sender-constraint/confirmed-request.js'
import { createSenderConstraint, type SenderConstraint } from '../sender-constraint/sender-constraint.js'
import { nothingProvable } from '../token/confirmation.js'
import { admitsAnonymous, checkRequirements, missingCredentials, withRequirements } from '../token/requirements.js'
import { isKnown, refused, type Verdict } from '../token/verdict.js'
import type { Progress } from '../token/verify-token.js'
import { placesOf, readCredentials } from './bearer.js'
import { publishAnonymous, publishOutage, publishVerdict, startTimer } from './events.js'
import type { AuthOfIssuers, GuardOptions, Issuers, ResourceGuard } from './guard-options.js'
import { checkGuardOptions } from './guard-shape.js'
import { challengeOptions, nonceFields, refusalReply } from './refusal-reply.js'
import { boundTokensOf } from './resource-metadata.js'
import { verifierParts } from './verifier.js'
import { checkedObject, wireRequest } from './wire-request.js'

/** Admitted without credentials. */
const anonymous: unique symbol = Symbol('anonymous')

/** What a guard notes of a request while it checks it. */
interface Check<A> extends Progress {
  /** Undefined while the check is open, and after a refusal. */
  admitted: A | typeof anonymous | undefined
  scheme: TokenScheme
  /** The proof that was accepted with this request, also by an earlier check. */
  proved: Proved | undefined
  /** For the reply. */
  nonce: string | undefined
}

/** The proof of an earlier check of the same request was used up by that request. */
function newCheck<A>(address: string | undefined, earlier: Check<A> | undefined): Check<A> {
  return { admitted: undefined, via: undefined, address, scheme: 'Bearer', proved: earlier?.proved, nonce: undefined }
}

/** The latest check of each request. It counts for the very object that it was noted for. */
interface Checks<A> {
  /** Replaces an earlier check of the same request. */
  note(request: object, check: Check<A>): void
  of(request: object): Check<A> | undefined
}

/**
 * Notes in a member whose name nobody else has: a WeakMap would cost a request more than the look-up of its token. A copy, an
 * heir or a proxy of a request has the member as well, so it answers for its own request only; and it is a function, so
 * that no log shows what the token says.
 */
function createChecks<A>(): Checks<A> {
  const name = Symbol('countersign')
  type Noted = { [name]?: (asked: object) => Check<A> | undefined }
  /** Of requests that take no member. */
  const others = new WeakMap<object, Check<A>>()
  return {
    note(request, check) {
      try {
        ;(request as Noted)[name] = (asked) => (asked === request ? check : undefined)
      } catch {
        others.set(request, check)
      }
    },
    of: (request) => others.get(request) ?? (request as Noted)[name]?.(request),
  }
}

/** Tells what requests were admitted with. */
function lookUps<A extends Auth<string, object>>(checks: Checks<A>): Pick<Guard<A>, 'authOf' | 'optionalAuthOf'> {
  function admittedWith(request: object): A | typeof anonymous {
    const admitted = checks.of(request)?.admitted
    if (admitted === undefined) throw new Error('this guard did not admit this request: is protect() mounted before the handler?')
    return admitted
  }
  return {
    authOf(request) {
      const auth = admittedWith(request)
      if (auth === anonymous) throw new Error('this guard admitted this request without credentials: use optionalAuthOf')
      return auth
    },
    optionalAuthOf(request) {
      const auth = admittedWith(request)
      return auth === anonymous ? undefined : auth
    },
  }
}

/** The verdict on the token, then on the key or certificate that it is bound to. */
function withConfirmation(
  verdict: Verdict,
  confirmed: ConfirmedRequest,
  constraint: SenderConstraint,
  check: Pick<Check<unknown>, 'proved' | 'nonce'>,
): Verdict | Promise<Verdict> {
  if (!verdict.ok) return verdict
  return whenKnown(constraint.confirm(verdict, confirmed), (confirmation) => {
    check.proved = confirmation.proved
    check.nonce = confirmation.nonce
    return confirmation.verdict
  })
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
  const now = options.now ?? wallClock
  const constraint = options.senderConstraint && createSenderConstraint(options.senderConstraint, options.resource, now)
  const { verifier, verifyToken } = verifierParts<I, A>('createGuard', options, constraint?.provable ?? nothingProvable)
  const boundTokens = boundTokensOf(options.issuers, constraint)
  const challenge = challengeOptions(options, boundTokens)
  const places = fixedTokenPlaces(options.tokenFrom)
  const checks = createChecks<A>()

  function refuseWith(refusal: Refusal, scheme: TokenScheme): Admission<A> {
    return { ok: false, reason: refusal.reason, reply: refusalReply(refusal, challenge, { scheme, nonce: constraint?.nonceFor(refusal) }) }
  }

  /** Credentials, then the token, then the proof of its key or certificate, then what the route requires. Undefined: no credentials at all, and the route allows that. */
  function verdictOn<R>(
    request: WireRequest,
    host: object,
    requirements: readonly Requirement<A, R>[],
    check: Check<A>,
  ): Verdict | undefined | Promise<Verdict> {
    const credentials = readCredentials(request, placesOf(requirements, places), constraint?.provable.dpop === true)
    if (credentials.kind === 'refused') return refused(credentials.refusal)
    if (credentials.kind === 'none') return requirements.some(admitsAnonymous) ? undefined : refused(missingCredentials(requirements))
    check.scheme = credentials.scheme
    const verified = verifyToken(credentials.token, check)
    const confirmed = constraint && { request, presented: credentials, proved: check.proved, record: check.record }
    const verdict = confirmed ? whenKnown(verified, (known) => withConfirmation(known, confirmed, constraint, check)) : verified
    const required = { requirements, request: host as R, now }
    return isKnown(verdict) ? withRequirements(verdict, required) : verdict.then((known) => withRequirements(known, required))
  }

  function admissionOf(verdict: Verdict | undefined, check: Check<A>, startedAt: number | undefined): Admission<A> {
    if (verdict === undefined) {
      check.admitted = anonymous
      publishAnonymous(startedAt)
      return { ok: true, auth: undefined, anonymous: true }
    }
    publishVerdict(verdict, startedAt)
    if (!verdict.ok) return refuseWith(verdict.refusal, check.scheme)
    // The entries of `issuers` made the Auth: its type follows from theirs.
    const auth = verdict.auth as unknown as A
    check.admitted = auth
    return check.nonce === undefined
      ? { ok: true, auth, anonymous: false }
      : { ok: true, auth, anonymous: false, headers: nonceFields(check.nonce) }
  }

  /** An outage is answered, every other error is a fault of the program. */
  function answerOutage(error: unknown, { via, scheme }: Check<A>, startedAt: number | undefined): Admission<A> {
    if (!isUnavailable(error)) throw error
    publishOutage(error, via, startedAt)
    return refuseWith(refuse(error.reason, { retryAfterSeconds: error.retryAfterSeconds }), scheme)
  }

  function checkAtOnce<R>(
    sent: WireRequest | FetchRequest,
    requirements: readonly Requirement<A, R>[],
  ): Admission<A> | Promise<Admission<A>> {
    const startedAt = startTimer()
    const host = checkedObject(sent)
    const check = newCheck<A>((sent as WireRequest).ip, constraint && checks.of(host))
    // Now, so that an earlier check that has not ended counts no more.
    checks.note(host, check)
    checkRequirements(requirements)
    try {
      const verdict = verdictOn(wireRequest(sent), host, requirements, check)
      if (verdict === undefined || isKnown(verdict)) return admissionOf(verdict, check, startedAt)
      return verdict.then((known) => admissionOf(known, check, startedAt)).catch((error: unknown) => answerOutage(error, check, startedAt))
    } catch (error) {
      return answerOutage(error, check, startedAt)
    }
  }

  function senderOf(sent: WireRequest | FetchRequest, ...requirements: readonly Requirement<never, never>[]): ClaimedSender | undefined {
    const credentials = readCredentials(wireRequest(sent), placesOf(requirements, places), true)
    return credentials.kind === 'token' ? claimedSenderOf(credentials.token, options.maxTokenBytes ?? 8192) : undefined
  }

  return {
    verifier,
    resource: options.resource,
    metadata: options.metadata,
    tokenFrom: places,
    boundTokens,
    check: promisedCheck(checkAtOnce),
    async dryRun(sent, ...requirements) {
      checkRequirements(requirements)
      const [request, host] = [wireRequest(sent), checkedObject(sent)]
      const check: Check<A> = { ...newCheck<A>(undefined, undefined), record: false }
      return dryRunOf(() => verdictOn(request, host, requirements, check), check, senderOf(sent, ...requirements)?.issuer)
    },
    claimedSender: senderOf,
    ...lookUps(checks),
    ready: (how) => verifier.ready(how),
    close: () => verifier.close(),
    [Symbol.asyncDispose]: () => verifier.close(),
  }
}
