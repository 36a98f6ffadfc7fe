import type { StoreCall } from './call.js'
import type { WriteCheck } from './write-check.js'

/** Records that are taken once, such as the state between password and code. */
export interface ChallengeStore extends WriteCheck {
  /**
   * Keeps a record under an id that nobody can guess; an existing one is replaced.
   * @throws TypeError for a duration that is not positive
   */
  put(id: string, record: string, ttlMs: number, call?: StoreCall): Promise<void>
  /**
   * Keeps a record unless there is one under the id.
   * @returns what is kept: this record, or the one that was there, whose end stays
   * @throws TypeError for a duration that is not positive
   */
  keep(id: string, record: string, ttlMs: number, call?: StoreCall): Promise<string>
  /** The record, which stays; null where there is none. */
  read(id: string): Promise<string | null>
  /** The record, for exactly one caller; null for everybody else. */
  take(id: string, call?: StoreCall): Promise<string | null>
  /**
   * Puts a record back that was taken: it ends when it would have.
   * @param callId - of the call that got the record, less than a minute ago
   * @returns true if that call is taken back, now or before; false if it did not take the record, or there is another one by now
   */
  undo(id: string, callId: string): Promise<boolean>
}
