import { hash } from 'node:crypto'
import type { Admission, Auth, Requirement } from '../auth.js'
import { callListener } from '../call-listener.js'
import type { ClaimedSender, DryRunGuard } from '../dry-run.js'
import type { WireRequest } from '../http.js'
import { whenKnown } from '../maybe-async.js'
import type { GuardWriter } from '../mount.js'
import { checkOptions, shownValue } from '../options/check-options.js'
import type { OptionShape } from '../options/option-kind.js'
import { type EnforceOptions, enforceShape, type ShadowOptions, shadowShape } from './shadow-options.js'
import { createWatch, type Watch, type WatchedExchange } from './watch.js'

function requireDryRun(factory: string, guard: unknown): void {
  const { dryRun, claimedSender } = (guard ?? {}) as Partial<DryRunGuard>
  if (typeof dryRun === 'function' && typeof claimedSender === 'function') return
  throw new TypeError(`${factory}: the first argument must be a guard that createGuard returned, got ${shownValue(guard)}`)
}

/**
 * What the `shadow` of a mount does: looks at a request that another guard decides.
 *
 * @returns a function whose promise, if there is one, is waited for before the request goes on
 * @throws TypeError if the guard has no dry run, or an option is wrong
 */
export function createShadow<A extends Auth<string, object>, R, Exchange extends readonly unknown[]>(
  guard: DryRunGuard<A>,
  options: ShadowOptions<A, R, Exchange> | undefined,
): Watch<Exchange>['start'] {
  checkOptions('shadow', options, shadowShape as OptionShape<ShadowOptions<A, R, Exchange>>)
  requireDryRun('shadow', guard)
  return createWatch(guard, options ?? {}).start
}

const isPercentage = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 100

/** What is wrong with the function becomes one warning of the process, and its last good value counts: a rollout must not fail requests. */
function percentageReader(option: number | (() => number)): () => number {
  if (typeof option === 'number') return () => option
  const state = { last: 0, isWarned: false }
  return () => {
    try {
      const value: unknown = option()
      if (!isPercentage(value)) throw new TypeError(`enforce: percentage must return a number from 0 to 100, got ${shownValue(value)}`)
      state.last = value
      state.isWarned = false
    } catch (error) {
      if (!state.isWarned)
        callListener(() => {
          throw error
        })
      state.isWarned = true
    }
    return state.last
  }
}

/** From 0 up to, but not including, 100; the same for one sender in every process. */
function positionOf({ issuer, subject, clientId }: Partial<ClaimedSender>, request: WireRequest): number {
  const sender = subject ?? clientId
  const name = sender === undefined ? ['address', request.ip ?? ''] : ['sender', issuer ?? '', sender]
  return (Number.parseInt(hash('sha256', JSON.stringify(name), 'hex').slice(0, 12), 16) / 2 ** 48) * 100
}

function chooser<A extends Auth<string, object>, R>(
  guard: DryRunGuard<A>,
  { percentage, when, requirements = [] }: Pick<EnforceOptions<A, R, never>, 'percentage' | 'when' | 'requirements'>,
): (request: WireRequest) => boolean {
  if ((percentage === undefined) === (when === undefined))
    throw new TypeError(`enforce: percentage or when must be given, got ${when === undefined ? 'neither' : 'both'}`)
  if (percentage !== undefined) {
    const read = percentageReader(percentage)
    return (request) => {
      const now = read()
      return (
        now >= 100 ||
        (now > 0 &&
          positionOf(guard.claimedSender(request, ...(requirements as readonly Requirement<never, never>[])) ?? {}, request) < now)
      )
    }
  }
  return (request) => {
    const found = { isChosen: false }
    callListener(() => {
      found.isChosen = when?.(request.frameworkRequest as R) === true
    })
    return found.isChosen
  }
}

/**
 * What the `enforce` of a mount does: the new guard decides for the chosen requests, and looks at all others. The old guard comes after it, so it can only
 * refuse more.
 *
 * @returns a function that tells whether the request goes on; it throws or rejects for a fault of the program
 * @throws TypeError if the guard has no dry run, or an option is wrong
 */
export function createEnforcement<A extends Auth<string, object>, R, Exchange extends readonly unknown[], Target>(
  guard: DryRunGuard<A>,
  options: EnforceOptions<A, R, Exchange>,
  writer: GuardWriter<Target>,
): (watched: WatchedExchange<Exchange>, target: Target) => boolean | Promise<boolean> {
  checkOptions('enforce', options, enforceShape as OptionShape<EnforceOptions<A, R, Exchange>>)
  requireDryRun('enforce', guard)
  const { percentage, when, ...shadowed } = options ?? {}
  const isChosen = chooser(guard, {
    ...(percentage !== undefined && { percentage }),
    ...(when && { when }),
    requirements: shadowed.requirements ?? [],
  })
  const watch = createWatch(guard, shadowed)
  const { requirements = [] } = shadowed
  const { send, setFields } = writer

  function decide(watched: WatchedExchange<Exchange>, target: Target, admission: Admission<A>): boolean {
    if (!admission.ok) {
      const { reason, reply } = admission
      send(target, reply)
      watch.follow(watched, { new: reply.status === 503 ? 'unavailable' : 'refused', reason, via: undefined, issuer: undefined })
      return false
    }
    const { auth } = admission
    watch.follow(watched, { new: 'admitted', reason: undefined, via: auth?.via, issuer: auth?.issuer })
    if (!admission.anonymous && admission.headers) setFields(target, admission.headers)
    return true
  }

  return (watched, target) => {
    const { request } = watched
    if (isChosen(request)) return whenKnown(guard.check<R>(request, ...requirements), (admission) => decide(watched, target, admission))
    return whenKnown(watch.start(watched), () => true)
  }
}
