import Table from 'cli-table3'
import { createColors } from 'picocolors'
import type { CommandContext, Output } from './context.js'

/** Writes for people: in colours where the terminal has them. */
export interface Printer {
  line(text?: string): void
  /** Rows under their headings, fitted to the terminal. */
  table(headings: readonly string[], rows: readonly (readonly string[])[]): void
  json(value: unknown): void
  readonly paint: ReturnType<typeof createColors>
}

/** Whether a stream gets colours (no-color.org). */
function hasColours({ environment }: CommandContext, stream: Output): boolean {
  if ((environment.NO_COLOR ?? '') !== '') return false
  if ((environment.FORCE_COLOR ?? '') !== '' && environment.FORCE_COLOR !== '0') return true
  return stream.isTTY === true && environment.TERM !== 'dumb'
}

const isControl = (code: number): boolean => code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x2028 && code <= 0x202e)

/** Text that came from outside, without what a terminal would obey. */
export function printable(text: string): string {
  return Array.from(text, (character) => {
    const code = character.codePointAt(0) ?? 0
    return isControl(code) ? `\\u${code.toString(16).padStart(4, '0')}` : character
  }).join('')
}

const plainBorders = { top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '' }
const noBorders = { ...plainBorders, 'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '' }

/** @param stream - the output of the command, or its errors */
export function createPrinter(context: CommandContext, stream: Output = context.output): Printer {
  const paint = createColors(hasColours(context, stream))
  const line = (text = ''): void => void stream.write(`${text}\n`)
  return {
    paint,
    line,
    table(headings, rows) {
      const style = { head: [], border: [], 'padding-left': 0, 'padding-right': 2 }
      const table = new Table({ chars: { ...noBorders, middle: '' }, style, head: headings.map((heading) => paint.bold(heading)) })
      for (const row of rows) table.push(row.map(printable))
      for (const row of table.toString().split('\n')) line(row.trimEnd())
    },
    json: (value) => line(JSON.stringify(value, undefined, 2)),
  }
}
