import type { WriteCheck } from './write-check.js'

/** Records that are taken once, such as the state between password and code. */
export interface ChallengeStore extends WriteCheck {
  /**
   * Keeps a record under an id that nobody can guess; an existing one is replaced.
   * @throws TypeError for a duration that is not positive
   */
  put(id: string, record: string, keepForMs: number): Promise<void>
  /**
   * Keeps a record unless there is one under the id.
   * @returns what is kept: this record, or the one that was there, whose end stays
   * @throws TypeError for a duration that is not positive
   */
  keep(id: string, record: string, keepForMs: number): Promise<string>
  /** The record, which stays; null where there is none. */
  read(id: string): Promise<string | null>
  /** The record, for exactly one caller; null for everybody else. */
  take(id: string): Promise<string | null>
}
