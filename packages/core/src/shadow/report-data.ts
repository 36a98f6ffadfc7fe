import type { Reason, RefusalDetail } from '../refusal.js'
import type { ShadowAdvice } from './advice.js'
import type { NotCompared, ShadowCells } from './counts.js'

/** One line of a report: the reason is empty where the new guard admits. */
export interface ShadowRow extends ShadowCells {
  readonly route: string
  /** The name of the issuer entry, else the `iss` that the token claims, else `-`. */
  readonly issuer: string
  readonly reason: string
}

/** What a report knows of one reason for which only the new guard refuses. */
export interface ShadowReason extends ShadowAdvice {
  readonly reason: Reason
  /** Requests that the old guard admitted and the new one refuses. */
  readonly requests: number
  readonly issuers: readonly string[]
  /** Of the latest one: what was expected and what was sent. */
  readonly detail: RefusalDetail | undefined
}

/** A report as data, for instance for `res.json`. */
export interface ShadowReportData extends ShadowCells {
  /** Epoch seconds. */
  readonly since: number
  /** Compared requests. */
  readonly requests: number
  readonly notCompared: NotCompared
  /** Requests for which the new guard decided. */
  readonly enforced: { readonly admitted: number; readonly refused: number }
  readonly rows: readonly ShadowRow[]
  readonly reasons: readonly ShadowReason[]
  readonly enforce: { readonly isSafe: boolean; readonly because: string }
}
