import { cpus, loadavg, totalmem } from 'node:os'
import type { Figures, Row } from './measure-process.js'
import type { StoreName } from './servers.js'

/** What was measured on one store at one size. */
export interface Measured {
  readonly store: StoreName
  readonly version: string
  readonly size: number
  readonly fillSeconds: number
  readonly figures: Figures
}

/** The whole result, as it is written to a file. */
export interface Report {
  readonly command: string
  readonly date: string
  readonly machine: { readonly cpus: string; readonly memoryGb: number; readonly node: string; readonly platform: string }
  /** Load of the machine over the last minute, before and after. */
  readonly load: { readonly before: number; readonly after: number }
  readonly settings: readonly string[]
  readonly measured: readonly Measured[]
}

/** Bars at the largest size, in milliseconds. */
const bars = { page: 20, hold: 50 }

/** The machine that measures. */
export function machine(): Report['machine'] {
  const all = cpus()
  return {
    cpus: `${all.length} × ${all[0]?.model ?? 'unknown'}`,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  }
}

export const load = (): number => Number((loadavg()[0] ?? Number.NaN).toFixed(1))

const count = (value: number): string => value.toLocaleString('en-US')

function verdict({ isPage, p50, hold, failure }: Row): string {
  const misses = [
    ...(failure === undefined ? [] : [failure]),
    ...(isPage && p50 > bars.page ? [`p50 > ${bars.page}`] : []),
    ...(hold > bars.hold ? [`hold > ${bars.hold}`] : []),
  ]
  if (misses.length > 0) return `MISSES ${misses.join(', ')}`
  return isPage ? 'holds' : ''
}

function tableOf(measured: readonly Measured[]): string {
  const [smallest, ...larger] = measured
  const largest = larger.at(-1) ?? smallest
  if (smallest === undefined || largest === undefined) return ''
  const head = ['operation', ...measured.flatMap(({ size }) => [`p50 at ${count(size)}`, 'p99', 'hold']), 'growth', 'bar']
  const lines = largest.figures.rows.map((row, at) => {
    const cells = measured.flatMap(({ figures }) => {
      const { p50, p99, hold } = figures.rows[at] ?? row
      return [p50, p99, hold].map(String)
    })
    const before = smallest.figures.rows[at]?.p50 ?? Number.NaN
    return [row.operation, ...cells, larger.length === 0 ? '' : `${(row.p50 / before).toFixed(1)} ×`, verdict(row)]
  })
  return columns([head, ...lines])
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  const pad = (cell: string, column: number): string =>
    column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)
  return rows.map((row) => row.map(pad).join('  ').trimEnd()).join('\n')
}

/** The result as a table for people, in milliseconds. */
export function tables({ measured, machine: { cpus: processors, node }, load: { before, after } }: Report): string {
  const stores = [...new Set(measured.map(({ store }) => store))]
  const parts = stores.map((store) => {
    const ofStore = measured.filter((one) => one.store === store)
    const notes = ofStore.map(
      ({ size, fillSeconds, figures }) =>
        `${count(size)}: filled in ${fillSeconds} s, RSS ${figures.rss} MB, hold while idle ${figures.idleHold} ms`,
    )
    return [`${store} ${ofStore[0]?.version ?? ''}`, tableOf(ofStore), ...notes].join('\n')
  })
  return [`Node ${node}, ${processors}, load ${before} before and ${after} after`, ...parts].join('\n\n')
}
