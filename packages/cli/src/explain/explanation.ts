import type { Step } from './steps.js'

/** What is said about a token. */
export interface Explanation {
  readonly verdict: 'admitted' | 'refused' | 'unknown'
  readonly reason: string | undefined
  /** Status of the answer; undefined if it is admitted. */
  readonly status: number | undefined
  readonly via: string | undefined
  readonly steps: readonly Step[]
  readonly cause: string | undefined
  readonly change: { readonly at: string; readonly line: string; readonly to: string } | undefined
  /** The heading of docs/atlas.md about the issuer. */
  readonly atlas: string | undefined
}
