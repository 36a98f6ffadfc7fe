import type { StoreCall } from './call.js'
import type { WriteCheck } from './write-check.js'

/** What {@link AttemptStore.reserve} is told. */
export interface AttemptRequest extends StoreCall {
  readonly key: string
  /** Attempts that a window admits. */
  readonly limit: number
  /** Length of the window in milliseconds, from its first attempt on. */
  readonly windowMs: number
}

/** Whether the attempt may be made. */
export type AttemptVerdict = { readonly ok: true; readonly remaining: number } | { readonly ok: false; readonly retryAfterMs: number }

/** Counters of attempts. An attempt is reserved before it is made, so that parallel guesses cannot pass the limit. */
export interface AttemptStore extends WriteCheck {
  /** @throws TypeError for a limit or window that is not positive */
  reserve(request: AttemptRequest): Promise<AttemptVerdict>
  /** Attempts of the window that runs; 0 where none does. It only reads. */
  used(key: string): Promise<number>
  clear(key: string, call?: StoreCall): Promise<void>
}
