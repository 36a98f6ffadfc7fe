import type { ShadowReportData } from './report-data.js'

const header = ['route', 'issuer', 'reason', 'both admit', 'both refuse', 'only old admits', 'only new admits']

/** Columns of equal width. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** A report for a terminal. */
export function reportTable({ requests, rows, reasons, enforced, notCompared, enforce }: ShadowReportData): string {
  const lines = rows.map(({ route, issuer, reason, bothAdmitted, bothRefused, onlyOldAdmitted, onlyNewAdmitted }) => [
    route,
    issuer,
    reason,
    ...[bothAdmitted, bothRefused, onlyOldAdmitted, onlyNewAdmitted].map(String),
  ])
  const explained = reasons.map(
    ({ reason, requests: count, issuers, option, cost }) =>
      `${reason}: ${count} requests, of ${issuers.join(', ')}\n  ${option === undefined ? '' : `admitted by ${option}. `}${cost}`,
  )
  const { unavailable, failed, skipped, unknown } = notCompared
  return [
    aligned([header, ...lines]),
    `${requests} requests compared; not compared: ${unavailable} unavailable, ${failed} failed, ${skipped} skipped, ${unknown} unknown`,
    ...(enforced.admitted + enforced.refused > 0 ? [`enforced: ${enforced.admitted} admitted, ${enforced.refused} refused`] : []),
    ...explained,
    `safe to enforce: ${enforce.isSafe ? 'yes' : 'no'}, ${enforce.because}`,
  ].join('\n\n')
}
