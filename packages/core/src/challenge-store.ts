import type { WriteCheck } from './write-check.js'

/** Records that are taken once, such as the state between password and code. */
export interface ChallengeStore extends WriteCheck {
  /**
   * Keeps a record under an id that nobody can guess; an existing one is replaced.
   * @throws TypeError for a duration that is not positive
   */
  put(id: string, record: string, keepForMs: number): Promise<void>
  /** The record, for exactly one caller; null for everybody else. */
  take(id: string): Promise<string | null>
}
