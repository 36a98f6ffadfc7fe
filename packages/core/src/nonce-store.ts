import type { StoreCall } from './call.js'
import type { WriteCheck } from './write-check.js'

/** What came of spending a nonce. `unknown` is also what an expired one, or one from before a loss of memory, is. */
export type NonceVerdict = 'spent' | 'replayed' | 'unknown' | 'mismatch'

/** One-time tokens that were issued and not yet used for every purpose. */
export interface NonceStore extends WriteCheck {
  /**
   * Remembers a nonce when it is issued.
   * @throws TypeError for a duration that is not positive, Error if the jti is remembered already
   */
  remember(jti: string, record: { readonly clientId: string; readonly ttlMs: number } & StoreCall): Promise<void>
  /** Spends a nonce for one purpose; exactly one caller per purpose gets `spent`. With `clientId`, another client's is `mismatch`. */
  spend(jti: string, purpose: string, binding?: { readonly clientId?: string | undefined } & StoreCall): Promise<NonceVerdict>
  /**
   * Takes a spending back: the nonce may be spent for that purpose again.
   * @param callId - of the call that was answered `spent`
   * @returns true if that call is taken back, now or before; false if the nonce is gone or that call did not spend it
   */
  undo(jti: string, callId: string): Promise<boolean>
}
