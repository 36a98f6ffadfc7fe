import { type Now, wallClock } from '../clock.js'
import { onEvent } from '../events.js'
import { checkOptions } from '../options/check-options.js'
import { kind } from '../options/kinds.js'
import type { OptionShape } from '../options/option-kind.js'
import { reasons as allReasons, type Reason } from '../refusal.js'
import type { ShadowEvent } from '../shadow-event.js'
import { adviceOn } from './advice.js'
import { type Counted, cellOf, missingOf, type NotCompared, noCells } from './counts.js'
import type { ShadowReportData, ShadowRow } from './report-data.js'
import { reportTable } from './report-table.js'

/** Options of {@link createShadowReport}. */
export interface ShadowReportOptions {
  /** Requests without a difference, one after the other, before it is safe to enforce. @defaultValue 10000 */
  readonly requests?: number
  /** Seconds without a difference before it is safe to enforce. @defaultValue 86400 */
  readonly seconds?: number
  /** Reasons of the new guard that you want: its refusals for them do not count as differences for `enforce`. @defaultValue none */
  readonly expected?: readonly Reason[]
  /** Epoch milliseconds. @defaultValue `Date.now` */
  readonly now?: Now
}

const shape: OptionShape<ShadowReportOptions> = {
  requests: kind.count,
  seconds: kind.seconds,
  expected: kind.listOf(
    kind.satisfying('a reason of refusal', (value) => allReasons.includes(value as Reason)),
    0,
  ),
  now: kind.func,
}

/** What the events of `shadow` and `enforce` add up to in this process. */
export interface ShadowReport {
  /** The report as data: `JSON.stringify` and `res.json` call it. */
  toJSON(): ShadowReportData
  /** The report as a text table, with what each reason would need. */
  table(): string
  /** Ends the counting. */
  close(): void
}

/** Strangers choose issuers and paths: beyond these bounds, what is new is counted as `others`. */
const maxRows = 1000
const maxIssuers = 100
const others = 'others'

interface ReasonCount {
  requests: number
  readonly issuers: Set<string>
  detail: ShadowEvent['detail']
}

/** The state of a report. */
function createTally({ expected = [] }: ShadowReportOptions, now: Now) {
  const rows = new Map<string, Counted<ShadowRow>>()
  const reasons = new Map<Reason, ReasonCount>()
  const issuers = new Set<string>()
  const totals = noCells()
  const notCompared: Counted<NotCompared> = { unavailable: 0, failed: 0, skipped: 0, unknown: 0 }
  const enforced = { admitted: 0, refused: 0 }
  const quiet = { since: now(), requests: 0, last: 'nothing' }

  function issuerOf({ via, issuer }: ShadowEvent): string {
    if (via !== undefined || issuer === undefined) return via ?? '-'
    if (issuers.size < maxIssuers) issuers.add(issuer)
    return issuers.has(issuer) ? issuer : others
  }

  function rowOf(event: ShadowEvent, issuer: string): Counted<ShadowRow> {
    const names = [event.route, issuer, event.reason ?? ''] as const
    const known = rows.get(JSON.stringify(names))
    if (known !== undefined) return known
    const [route, of, reason] = rows.size < maxRows ? names : [others, others, event.reason ?? '']
    const key = JSON.stringify([route, of, reason])
    const row = rows.get(key) ?? { route, issuer: of, reason, ...noCells() }
    rows.set(key, row)
    return row
  }

  function noteReason({ reason, detail }: ShadowEvent, issuer: string): void {
    if (reason === undefined) return
    const count = reasons.get(reason) ?? { requests: 0, issuers: new Set<string>(), detail }
    count.requests += 1
    count.issuers.add(issuer)
    count.detail = detail
    reasons.set(reason, count)
  }

  /** Begins again: a difference, or a request that could not be looked at, is a reason to wait. */
  function disturb(by: string): void {
    Object.assign(quiet, { since: now(), requests: 0, last: by })
  }

  function add(event: ShadowEvent): void {
    if (event.isEnforced) enforced[event.new === 'admitted' ? 'admitted' : 'refused'] += 1
    const cell = cellOf(event)
    if (cell === undefined) {
      if (event.isEnforced) return
      notCompared[missingOf(event)] += 1
      if (event.new === 'unavailable' || event.new === 'failed') disturb(event.reason ?? 'a requirement that threw')
      return
    }
    const issuer = issuerOf(event)
    totals[cell] += 1
    rowOf(event, issuer)[cell] += 1
    if (cell === 'onlyOldAdmitted') noteReason(event, issuer)
    const isWanted = event.reason !== undefined && expected.includes(event.reason)
    if (event.isDifferent && !isWanted) disturb(event.reason ?? 'a request that only the new guard admits')
    else quiet.requests += 1
  }

  return { add, rows, reasons, totals, notCompared, enforced, quiet }
}

/**
 * Collects what `shadow` and `enforce` find in this process, until it is closed.
 *
 * @throws TypeError if an option is wrong
 * @example
 * ```ts
 * import { createShadowReport } from '@countersign/core'
 *
 * const report = createShadowReport({ requests: 50_000, expected: ['signature'] })
 * console.log(report.table())
 * ```
 */
export function createShadowReport(options: ShadowReportOptions = {}): ShadowReport {
  checkOptions('createShadowReport', options, shape)
  const { requests: wanted = 10_000, seconds = 86_400, now = wallClock } = options
  const tally = createTally(options, now)
  const startedAt = now()
  const end = onEvent('countersign:shadow', tally.add)

  function enforceAdvice(): ShadowReportData['enforce'] {
    const { requests, since, last } = tally.quiet
    const elapsed = Math.floor(Math.max(0, now() - since) / 1000)
    const isSafe = requests >= wanted && elapsed >= seconds
    const because = `${requests} of ${wanted} requests and ${elapsed} of ${seconds} s without a difference; the last one was: ${last}`
    return { isSafe, because }
  }

  function toJSON(): ShadowReportData {
    const { totals, rows, reasons, notCompared, enforced } = tally
    const { bothAdmitted, bothRefused, onlyOldAdmitted, onlyNewAdmitted } = totals
    return {
      since: startedAt / 1000,
      requests: bothAdmitted + bothRefused + onlyOldAdmitted + onlyNewAdmitted,
      ...totals,
      notCompared: { ...notCompared },
      enforced: { ...enforced },
      rows: [...rows.values()].map((row) => ({ ...row })),
      reasons: [...reasons]
        .map(([reason, count]) => ({
          reason,
          requests: count.requests,
          issuers: [...count.issuers],
          detail: count.detail,
          ...adviceOn(reason),
        }))
        .sort((a, b) => b.requests - a.requests),
      enforce: enforceAdvice(),
    }
  }

  return { toJSON, table: () => reportTable(toJSON()), close: end }
}
