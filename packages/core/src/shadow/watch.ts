import type { Auth } from '../auth.js'
import { callListener } from '../call-listener.js'
import { mathRandom } from '../clock.js'
import type { DryRunGuard } from '../dry-run.js'
import { eventChannel } from '../events.js'
import type { WireRequest } from '../http.js'
import type { ShadowEvent } from '../shadow-event.js'
import type { OldVerdict, ShadowOptions } from './shadow-options.js'

/** The part of Node's response that is looked at. Nothing of it is changed. */
interface WatchedResponse {
  readonly statusCode: number
  readonly headersSent: boolean
  once(event: 'finish' | 'close', listener: () => void): unknown
}

/** A request and its response, as a mount hands them over. */
export interface WatchedExchange<Exchange extends readonly unknown[]> {
  readonly request: WireRequest
  readonly response: WatchedResponse
  /** What `compare` gets. */
  readonly exchange: Exchange
  /** The name of the route, called when the response has ended. */
  route(): string
}

/** What came of the new guard. */
type NewVerdict = Pick<ShadowEvent, 'new' | 'reason' | 'via' | 'issuer'> & Partial<Pick<ShadowEvent, 'detail' | 'cause'>>

/** Looks at requests that another guard decides. */
export interface Watch<Exchange extends readonly unknown[]> {
  /** Starts a dry run of the new guard. The promise, if there is one, is waited for; it never rejects. */
  start(watched: WatchedExchange<Exchange>): Promise<void> | undefined
  /** Reports a request for which the new guard decided. */
  follow(watched: WatchedExchange<Exchange>, verdict: NewVerdict): void
}

const channel = eventChannel('countersign:shadow')
/** Most dry runs that wait at the same time, for instance for keys of an issuer that does not answer. */
const maxWaiting = 1000
const skipped: NewVerdict = Object.freeze({ new: 'skipped', reason: undefined, via: undefined, issuer: undefined })

function byStatus({ headersSent, statusCode }: WatchedResponse): OldVerdict {
  if (!headersSent) return undefined
  return statusCode === 401 || statusCode === 403 ? 'refused' : 'admitted'
}

/** Calls back when the response was sent, or its connection was closed. */
function whenEnded(response: WatchedResponse, ended: () => void): void {
  const state = { isOpen: true }
  const end = (): void => {
    if (state.isOpen) ended()
    state.isOpen = false
  }
  response.once('finish', end)
  response.once('close', end)
}

/** Middleware that comes later may change fields; the new guard sees the request as it would have seen it in this place. */
const snapshot = (request: WireRequest): WireRequest => ({ ...request, headers: { ...request.headers } })

async function laterOrNow(isNow: boolean): Promise<void> {
  if (!isNow) await new Promise((resolve) => setImmediate(resolve))
}

/** Resolves with the first of both. The timer does not keep the process alive. */
async function inTime(done: Promise<unknown>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds).unref()
  })
  await Promise.race([done, late])
  clearTimeout(timer)
}

/**
 * Compares a guard with what another guard decides. Who watches decides nothing: no error of the new guard, of its requirements or of `compare`
 * reaches the request.
 */
export function createWatch<A extends Auth<string, object>, R, Exchange extends readonly unknown[]>(
  guard: DryRunGuard<A>,
  { requirements = [], compare, sample = 1, timeoutMs = 0 }: ShadowOptions<A, R, Exchange>,
): Watch<Exchange> {
  const state = { waiting: 0 }

  function oldVerdict({ response, exchange }: WatchedExchange<Exchange>): OldVerdict {
    if (compare === undefined) return byStatus(response)
    const found: { verdict?: unknown } = {}
    callListener(() => {
      found.verdict = compare(...exchange)
      return found.verdict
    })
    return found.verdict === 'admitted' || found.verdict === 'refused' ? found.verdict : undefined
  }

  function report(watched: WatchedExchange<Exchange>, verdict: NewVerdict, old: OldVerdict, isEnforced: boolean): void {
    const isDecided = verdict.new === 'admitted' || verdict.new === 'refused'
    const isDifferent = old !== undefined && isDecided && old !== verdict.new
    channel.publish({ detail: undefined, ...verdict, route: watched.route(), old, isDifferent, isEnforced })
  }

  async function dryRun(request: WireRequest): Promise<NewVerdict> {
    state.waiting += 1
    try {
      await laterOrNow(timeoutMs > 0)
      const { outcome, ...found } = await guard.dryRun<R>(request, ...requirements)
      return { new: outcome === 'unknown' ? 'skipped' : outcome, ...found }
    } catch (cause) {
      return { new: 'failed', reason: undefined, via: undefined, issuer: undefined, cause }
    } finally {
      state.waiting -= 1
    }
  }

  return {
    start(watched) {
      if (!channel.hasSubscribers || (sample < 1 && mathRandom() >= sample)) return undefined
      const ended = new Promise<OldVerdict>((resolve) => whenEnded(watched.response, () => resolve(oldVerdict(watched))))
      const verdict = state.waiting < maxWaiting ? dryRun(snapshot(watched.request)) : Promise.resolve(skipped)
      void Promise.all([verdict, ended]).then(([found, old]) => report(watched, found, old, false))
      return timeoutMs > 0 ? inTime(verdict, timeoutMs) : undefined
    },
    follow(watched, verdict) {
      if (!channel.hasSubscribers) return
      if (verdict.new !== 'admitted') return report(watched, verdict, undefined, true)
      whenEnded(watched.response, () => report(watched, verdict, oldVerdict(watched), true))
    },
  }
}
