import type { Reason } from './refusal.js'

/** Reasons that are an outage, never the client's fault. */
export type OutageReason = Extract<Reason, `${string}_unavailable`>

const brand: unique symbol = Symbol.for('countersign.unavailable')

/**
 * Thrown when something that we depend on cannot answer: an issuer's keys, a store. It becomes 503 with `Retry-After`,
 * never a 401 and never a pass. Where no mount of ours answers, the own error handling of Express and Koa does so by `status`
 * and `headers`.
 */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
  readonly reason: OutageReason
  /** For the error handling of frameworks. */
  readonly status = 503
  /** For the error handling of frameworks: `retry-after`. */
  readonly headers: Readonly<Record<string, string>>
  /** Whole seconds, at least 1. */
  readonly retryAfterSeconds: number

  /**
   * @param reason - which dependency failed
   * @param options - `retryAfterSeconds` (default 1) and the `cause`, which is for debugging and never sent
   */
  constructor(reason: OutageReason, options: { retryAfterSeconds?: number; cause?: unknown } = {}) {
    super(reason, 'cause' in options ? { cause: options.cause } : undefined)
    Object.defineProperty(this, brand, { value: true })
    this.reason = reason
    const { retryAfterSeconds = 1 } = options
    this.retryAfterSeconds = Number.isFinite(retryAfterSeconds) ? Math.max(1, Math.ceil(retryAfterSeconds)) : 1
    this.headers = Object.freeze({ 'retry-after': String(this.retryAfterSeconds), 'cache-control': 'no-store' })
  }
}

/** True for an outage thrown by any copy of this package in the process. */
export function isUnavailable(value: unknown): value is Unavailable {
  return typeof value === 'object' && value !== null && (value as { [brand]?: unknown })[brand] === true
}

/**
 * What a dependency rejected with, as an outage: an `Unavailable` stays what it is, and everything else becomes its cause.
 *
 * @param reason - which dependency failed
 */
export function asUnavailable(cause: unknown, reason: OutageReason = 'store_unavailable'): Unavailable {
  return isUnavailable(cause) ? cause : new Unavailable(reason, { cause })
}

/**
 * Waits for a store or another dependency of ours. Everything that it rejects with is an outage, so that nobody mistakes it for a
 * refusal.
 *
 * @param work - a promise, or a function that may also throw at once
 * @param reason - which dependency fails if it rejects
 * @returns what `work` resolves to. Rejects with {@link Unavailable} and nothing else
 *
 * @example
 * const document = await orUnavailable(store.get({ collection, id }))
 */
export async function orUnavailable<T>(work: Promise<T> | (() => Promise<T>), reason?: OutageReason): Promise<T> {
  try {
    return await (typeof work === 'function' ? work() : work)
  } catch (cause) {
    throw asUnavailable(cause, reason)
  }
}
