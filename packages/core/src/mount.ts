import type { Admission, Auth, Guard, Requirement } from './auth.js'
import type { FetchRequest, Reply, WireRequest } from './http.js'
import type { RouteMatch } from './match-route.js'
import { whenKnown } from './maybe-async.js'
import { checkOptions, shownValue } from './options/check-options.js'
import { kind } from './options/kinds.js'
import type { OptionShape } from './options/option-kind.js'
import { RefusedError } from './refused-error.js'

/** Checks a request, at once where nothing waits. It throws where a promise would be rejected. */
type CheckAtOnce<A> = <R>(
  request: WireRequest | FetchRequest,
  requirements: readonly Requirement<A, R>[],
) => Admission<A> | Promise<Admission<A>>

const atOnce: unique symbol = Symbol('at once')

interface Promised<A extends Auth<string, object>> {
  readonly [atOnce]?: { readonly check: Guard<A>['check']; readonly inner: CheckAtOnce<A> }
}

/** The `check` of a guard: a promise for all callers but the mounts, which find the function within. */
export function promisedCheck<A extends Auth<string, object>>(inner: CheckAtOnce<A>): Guard<A>['check'] {
  const check: Guard<A>['check'] = async (request, ...requirements) => inner(request, requirements)
  return Object.defineProperty(check, atOnce, { value: { check, inner } })
}

/** How a mount writes what a guard answers. */
export interface GuardWriter<Target> {
  send(target: Target, reply: Reply): void
  /** Fields of the answer that somebody else gives to an admitted request. */
  setFields(target: Target, headers: Reply['headers']): void
}

/** Options of the `protect` of a mount. `R` is the host's request. */
export interface ProtectOptions<R = unknown> {
  /**
   * Called for a refused request, which is then not answered here. What it returns goes to the error handling of the framework; if that is
   * not an `Error`, the given error goes there. It cannot admit the request.
   * @defaultValue the answer of the guard is sent
   */
  readonly onRefused?: (error: RefusedError, request: R) => unknown
}

const protectShape: OptionShape<ProtectOptions> = { onRefused: kind.func }

/** What `protect` is given after the guard: requirements, and options in the last place. */
export type ProtectArguments<A, R> =
  | readonly Requirement<A, R>[]
  | readonly [...requirements: Requirement<A, R>[], options: ProtectOptions<R>]

function splitArguments<A, R>(given: ProtectArguments<A, R>): { requirements: readonly Requirement<A, R>[]; options: ProtectOptions<R> } {
  const last = given.at(-1)
  if (typeof last !== 'object' || last === null || Array.isArray(last))
    return { requirements: given as readonly Requirement<A, R>[], options: {} }
  checkOptions('protect', last, protectShape as OptionShape<ProtectOptions<R>>)
  return { requirements: given.slice(0, -1) as readonly Requirement<A, R>[], options: last }
}

/**
 * What the `protect` of a mount checks when it is called: a program that is not type-checked learns of a mistake at start-up, not with its
 * first request.
 *
 * @throws TypeError if the guard is missing, or a requirement is not a function
 */
function requireProtection(guard: object, requirements: readonly unknown[]): void {
  if (typeof (guard as Partial<Guard> | undefined)?.check !== 'function')
    throw new TypeError(`protect: the first argument must be a guard, got ${shownValue(guard)}`)
  for (const requirement of requirements) {
    if (typeof requirement !== 'function')
      throw new TypeError(`protect: a requirement must be a function such as requireScopes('a') returns, got ${shownValue(requirement)}`)
  }
}

/**
 * What the `protect` of a mount does: whether a guard admits a request; if not, the answer is sent. A promise costs a request as much as the
 * look-up of its token, so there is none where nothing waits. What a host puts in place of `check`, or a proxy of it, is not passed by: it has
 * no such function within, or one of another `check`.
 *
 * @param guard - from `createGuard`, or any with its methods
 * @param given - what the route demands, in order, and then options
 * @returns true if the request goes on; it throws or rejects with what goes to the error handling of the framework
 * @throws TypeError if the guard is missing, a requirement is not a function, or an option is wrong
 */
export function createProtection<A extends Auth<string, object>, R, Target>(
  guard: Guard<A>,
  given: ProtectArguments<A, R>,
  { send, setFields }: GuardWriter<Target>,
): (request: WireRequest, target: Target) => boolean | Promise<boolean> {
  const { requirements, options } = splitArguments(given)
  const { onRefused } = options
  requireProtection(guard, requirements)
  const check = (request: WireRequest): Admission<A> | Promise<Admission<A>> => {
    const promised = (guard.check as Promised<A>)[atOnce]
    return promised?.check === guard.check ? promised.inner(request, requirements) : guard.check(request, ...requirements)
  }
  /** Rejects: the request does not go on, with any answer of the host. */
  const handOn = async (error: RefusedError, request: WireRequest): Promise<never> => {
    const instead = await onRefused?.(error, request.frameworkRequest as R)
    throw instead instanceof Error ? instead : error
  }
  return (request, target) =>
    whenKnown(check(request), (admission) => {
      if (!admission.ok && onRefused) return handOn(new RefusedError(admission), request)
      if (!admission.ok) send(target, admission.reply)
      else if (!admission.anonymous && admission.headers) setFields(target, admission.headers)
      return admission.ok
    })
}

/**
 * What the `handle` of a mount checks when it is called.
 *
 * @throws TypeError for an endpoint that is not a function
 */
export function requireEndpoint(endpoint: unknown): void {
  if (typeof endpoint !== 'function') throw new TypeError(`handle: the endpoint must be a function, got ${shownValue(endpoint)}`)
}

/**
 * What a mount hands to the error handling of its framework. Express goes on at `next(undefined)` and `next('route')`, and Koa never answers
 * a request that was rejected with undefined: only an object may come of a rejection.
 */
export function asError(cause: unknown): unknown {
  return typeof cause === 'object' && cause !== null ? cause : new Error('a value that is not an Error was thrown', { cause })
}

/** The answer to a request that no endpoint of a table is for: 405 with `Allow`, 400 for a path that cannot be decoded. */
export function unmatchedReply(match: Extract<RouteMatch, { outcome: 'wrong_method' | 'bad_encoding' }>): Reply {
  return match.outcome === 'wrong_method' ? { status: 405, headers: { allow: match.allowed.join(', ') } } : { status: 400, headers: {} }
}

/** The part of Node's request that {@link unreadBody} looks at. */
interface ReadableRequest {
  readonly readableDidRead?: boolean
  readonly [Symbol.asyncIterator]?: unknown
}

/**
 * What an endpoint is given of a body: what the host parsed, else the stream. An endpoint that reads the stream tells if somebody has read it
 * before.
 *
 * @param parsed - what a body parser left. Some leave an empty object where they did not parse, and then the body is still in the stream
 */
export function unreadBody<Stream extends ReadableRequest>(
  parsed: unknown,
  stream: Stream,
): { readonly body: unknown; readonly stream: Stream | undefined } {
  const isUnread = parsed === undefined || (Object.keys(parsed ?? {}).length === 0 && stream.readableDidRead !== true)
  const isReadable = typeof stream[Symbol.asyncIterator] === 'function'
  return isUnread && isReadable ? { body: undefined, stream } : { body: parsed, stream: undefined }
}
