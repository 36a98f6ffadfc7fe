/** One line of the result, as printed in JSON. */
export interface Result {
  readonly bench: string
  readonly subject: string
  readonly alg: string
  /** Operations or requests per second; for counts and times, see the bench. */
  readonly ops: number
  /** `ops` divided by those of `against` in the same run; null where nothing is compared. */
  readonly ratio: number | null
  readonly against: string | null
}

/** What a result is held to: the least ratio, or the most operations. */
export interface Target {
  readonly bench: string
  readonly subject: string
  readonly alg: string
  readonly least?: number
  readonly most?: number
}

function round(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toFixed(3))
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length))) ?? []
  const isNumber = (column: number): boolean => column === 3 || column === 4
  return rows
    .map((row) =>
      row
        .map((cell, column) => (isNumber(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function verdict(result: Result, targets: readonly Target[]): string {
  const target = targets.find((one) => one.bench === result.bench && one.subject === result.subject && one.alg === result.alg)
  if (target === undefined) return ''
  const { least, most } = target
  const holds = (least === undefined || (result.ratio ?? Number.NaN) >= least) && (most === undefined || result.ops <= most)
  return `${holds ? 'holds' : 'MISSES'} ${least === undefined ? `≤ ${most}` : `≥ ${least}`}`
}

/** Results as a table for people. */
export function table(results: readonly Result[], targets: readonly Target[]): string {
  const head = ['bench', 'alg', 'subject', 'ops', 'ratio', 'against', 'target']
  const rows = results.map((result) => [
    result.bench,
    result.alg,
    result.subject,
    String(round(result.ops)),
    result.ratio === null ? '' : result.ratio.toFixed(2),
    result.against ?? '',
    verdict(result, targets),
  ])
  return columns([head, ...rows])
}

/** A result with as many digits as it is worth. */
export function rounded(result: Result): Result {
  return { ...result, ops: round(result.ops), ratio: result.ratio === null ? null : round(result.ratio) }
}

/** Results as lines of JSON. */
export function lines(results: readonly Result[]): string {
  return results.map((result) => JSON.stringify(rounded(result))).join('\n')
}
