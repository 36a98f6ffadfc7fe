import { eventChannel, type Unavailable } from '@countersign/core'
import type { Verdict } from '../token/verdict.js'

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
