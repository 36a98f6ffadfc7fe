import type { RunningApp } from './apps.js'
import type { Played } from './play.js'

const colours = process.stdout.isTTY === true && process.env.NO_COLOR === undefined

type Style = (text: string) => string
type StyleName = 'bold' | 'dim' | 'red' | 'green' | 'yellow'

const paint = (code: number): Style => (colours ? (text) => `\u001b[${code}m${text}\u001b[0m` : (text) => text)

/** Styles for a terminal; plain text elsewhere. */
export const style: Readonly<Record<StyleName, Style>> = {
  bold: paint(1),
  dim: paint(2),
  red: paint(31),
  green: paint(32),
  yellow: paint(33),
}

const widths = { sent: 38, path: 11, status: 9, said: 39 }

/** The names of the columns. */
export function heading(apps: readonly RunningApp[]): string {
  const names = apps.map(({ name }) => name.padEnd(widths.status)).join('')
  return style.bold(`  ${'sent'.padEnd(widths.sent)}${'to'.padEnd(widths.path)}${names}${'challenge'.padEnd(widths.said)}why`)
}

function colouredStatus(status: number, width: number): string {
  const text = String(status).padEnd(width)
  if (status < 300) return style.green(text)
  return status < 500 ? style.yellow(text) : style.red(text)
}

/** One row; a wrong one tells what was expected. */
export function row({ scene, answers, isRight }: Played): string {
  const [first] = answers
  const statuses = answers.map(({ status }) => colouredStatus(status, widths.status)).join('')
  const reasons = [...new Set(answers.map(({ reason }) => reason))].join(' / ')
  const remarks = [...(scene.status === 200 ? (first?.remarks ?? []) : []), scene.note].filter((remark) => remark !== undefined)
  const why = [reasons, ...remarks].join(', ')
  const mark = isRight ? style.green('✓') : style.red('✗')
  const line = `${mark} ${scene.sent.padEnd(widths.sent)}${scene.path.padEnd(widths.path)}${statuses}${(first?.said ?? '').padEnd(widths.said)}${why}`
  return isRight ? line : `${line}\n${style.red(`  expected ${[scene.status, scene.reason, scene.remark].filter(Boolean).join(', ')}`)}`
}

/** A step with an example as it went. */
export interface StepRow {
  readonly sent: string
  readonly to: string
  /** Nothing where nobody answers. */
  readonly status?: number
  readonly said: string
  readonly why: string
  readonly isRight: boolean
  readonly expected?: string
}

const stepWidths = { sent: 41, to: 43, status: 5, said: 43 }

/** What is too long pushes the rest away. */
const cell = (text: string, width: number): string => `${text.padEnd(width - 2)}  `

/** The names of the columns of steps. */
export function stepHeading(): string {
  const { sent, to, status, said } = stepWidths
  return style.bold(`  ${'sent'.padEnd(sent)}${'to'.padEnd(to)}${''.padEnd(status)}${'came back'.padEnd(said)}why`)
}

/** One step; a wrong one tells what was expected. */
export function stepRow({ sent, to, status, said, why, isRight, expected }: StepRow): string {
  const mark = isRight ? style.green('✓') : style.red('✗')
  const code = status === undefined ? ''.padEnd(stepWidths.status) : colouredStatus(status, stepWidths.status)
  const line = `${mark} ${cell(sent, stepWidths.sent)}${cell(to, stepWidths.to)}${code}${cell(said, stepWidths.said)}${why}`.trimEnd()
  return isRight ? line : `${line}\n${style.red(`  expected ${expected ?? 'something else'}`)}`
}
