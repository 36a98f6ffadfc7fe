import { type Printer, printable } from '../command/printer.js'
import { shownClaims } from './decode-token.js'
import type { Explanation } from './explanation.js'

/** What the token says, and how much of it is shown. */
export interface ReportOptions {
  readonly header: Readonly<Record<string, unknown>> | undefined
  readonly claims: Readonly<Record<string, unknown>> | undefined
  readonly showClaims: boolean
}

const marks = { passed: 'ok', refused: 'NO', unknown: '??', 'not reached': '-' }

/** Prints the steps, the cause and the line to change. */
export function printExplanation(printer: Printer, explanation: Explanation, { header, claims, showClaims }: ReportOptions): void {
  const { paint } = printer
  const { verdict, reason, status, via, steps, cause, change, atlas } = explanation
  const rows = steps.map((step) => [step.name, marks[step.outcome], step.expected, step.received])
  printer.table(['step', '', 'expected', 'received'], rows)
  printer.line()
  const outcome = { admitted: paint.green('admitted'), refused: paint.red('refused'), unknown: paint.yellow('not judged') }[verdict]
  const why = reason === undefined ? `as ${JSON.stringify(via)}` : `${reason}, answer ${status}`
  printer.line(`${paint.bold('Verdict:')} ${outcome} (${printable(why)})`)
  if (cause !== undefined) printer.line(`${paint.bold('Cause:')}   ${printable(cause)}`)
  if (change !== undefined) {
    printer.line(`${paint.bold('Change:')}  ${paint.cyan(change.at)}  ${printable(change.line)}`)
    printer.line(`         → ${printable(change.to)}`)
  }
  if (atlas !== undefined) printer.line(`${paint.bold('Atlas:')}   ${atlas} (docs/atlas.md)`)
  if (header === undefined && claims === undefined) return
  printer.line()
  const ofHeader = Object.entries(header ?? {}).filter(([name]) => ['alg', 'kid', 'typ'].includes(name))
  const shown = [...ofHeader.map(([name, value]) => [`header ${name}`, String(value)]), ...shownClaims(claims ?? {}, showClaims)]
  printer.table(
    ['the token says', ''],
    shown.map(([name = '', value = '']) => [name, value]),
  )
}
