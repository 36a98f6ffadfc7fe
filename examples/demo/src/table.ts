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

function colouredStatus(status: number): string {
  const text = String(status).padEnd(widths.status)
  if (status < 300) return style.green(text)
  return status < 500 ? style.yellow(text) : style.red(text)
}

/** One row; a wrong one tells what was expected. */
export function row({ scene, answers, isRight }: Played): string {
  const [first] = answers
  const statuses = answers.map(({ status }) => colouredStatus(status)).join('')
  const reasons = [...new Set(answers.map(({ reason }) => reason))].join(' / ')
  const remarks = [...(scene.status === 200 ? (first?.remarks ?? []) : []), scene.note].filter((remark) => remark !== undefined)
  const why = [reasons, ...remarks].join(', ')
  const mark = isRight ? style.green('✓') : style.red('✗')
  const line = `${mark} ${scene.sent.padEnd(widths.sent)}${scene.path.padEnd(widths.path)}${statuses}${(first?.said ?? '').padEnd(widths.said)}${why}`
  return isRight ? line : `${line}\n${style.red(`  expected ${[scene.status, scene.reason, scene.remark].filter(Boolean).join(', ')}`)}`
}
