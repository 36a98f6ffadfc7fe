import type { Requirement } from '../auth.js'
import { kind } from '../options/kinds.js'
import type { OptionShape } from '../options/option-kind.js'

/** What a guard decided. */
export type OldVerdict = 'admitted' | 'refused' | undefined

/**
 * Options of `shadow`. `R` is the host's request; `Exchange` is what `compare` gets: `[req, res]` on Express, `[ctx]` on Koa.
 */
export interface ShadowOptions<A, R, Exchange extends readonly unknown[]> {
  /** What the route demands, in order. @defaultValue none */
  readonly requirements?: readonly Requirement<A, R>[]
  /**
   * What the old guard decided, read when the response has ended. Undefined: this request is not compared.
   * @defaultValue status 401 or 403 is `refused`, every other one is `admitted`
   */
  readonly compare?: (...exchange: Exchange) => OldVerdict
  /** The part of the requests that is looked at, from 0 to 1. @defaultValue 1 */
  readonly sample?: number
  /**
   * How long a request waits for the new guard, in milliseconds; it then goes on in every case.
   * @defaultValue 0: no request waits, and the new guard works after the next handlers have begun
   */
  readonly timeoutMs?: number
}

/** Options of `enforce`. */
export interface EnforceOptions<A, R, Exchange extends readonly unknown[]> extends ShadowOptions<A, R, Exchange> {
  /**
   * The part of the senders for whom the new guard decides, from 0 to 100; or a function that returns it, called for each request, so that it can change while the
   * process runs. A sender that is chosen at 1 is chosen at 10 too.
   */
  readonly percentage?: number | (() => number)
  /** Chooses requests instead of `percentage`. */
  readonly when?: (request: R) => boolean
}

/** The kinds of {@link ShadowOptions}. */
export const shadowShape: OptionShape<ShadowOptions<never, never, never>> = {
  requirements: kind.listOf(kind.func, 0),
  compare: kind.func,
  sample: kind.number({ most: 1 }),
  timeoutMs: kind.number({ isInteger: true, unit: 'milliseconds', most: 60_000 }),
}

/** The kinds of {@link EnforceOptions}. */
export const enforceShape: OptionShape<EnforceOptions<never, never, never>> = {
  ...shadowShape,
  percentage: kind.either(kind.number({ most: 100 }), kind.func),
  when: kind.func,
}
