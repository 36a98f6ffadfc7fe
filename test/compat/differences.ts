import { expect } from 'vitest'
import type { Answer, Answers, Probe } from './probe.js'

/** Answers that are others than before, of one kind. */
export interface Difference {
  readonly what: string
  /** The answer of the old package, as {@link briefOf} shows it. */
  readonly before: string
  readonly after: string
  readonly why: string
  /** Names of probes; `*` stands for any characters. */
  readonly probes: readonly string[]
}

/** A message that is another than before, in an answer with the same status and code. */
interface Wording {
  /** `*` stands for any characters. */
  readonly before: string
  readonly after: string
  readonly why: string
}

/** What is known of the differences between an old package and ours. */
export interface DifferenceTable {
  readonly answers: readonly Difference[]
  readonly wordings: readonly Wording[]
}

/** What an app of these tests writes of an error. */
interface ShownError {
  readonly message?: string
  readonly code?: string
}

function shownError({ body }: Answer): ShownError | undefined {
  try {
    return (JSON.parse(body) as { readonly error?: ShownError }).error
  } catch {
    return undefined
  }
}

/** Status and code of an answer, for instance `401 invalid_token`. */
function briefOf(answer: Answer): string {
  const code = shownError(answer)?.code
  return code === undefined || code === '' ? String(answer.status) : `${answer.status} ${code}`
}

/** Status, code and message of an answer; the whole answer where another has the same. */
function shown(answer: Answer, other: Answer): string {
  const text = (one: Answer): string => [briefOf(one), shownError(one)?.message ?? ''].join(' ').trim()
  return text(answer) === text(other) ? JSON.stringify(answer) : text(answer)
}

/** The answer without the message of its error. */
function withoutMessage(answer: Answer): unknown {
  const message = JSON.stringify(shownError(answer)?.message)
  return message === undefined ? answer : { ...answer, body: answer.body.replaceAll(message, '""') }
}

/** Whether a text fits a pattern in which `*` stands for any characters. */
function fits(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  if (rest.length === 0) return pattern === text
  const last = rest.pop() ?? ''
  if (!text.startsWith(first) || !text.endsWith(last)) return false
  let at = first.length
  for (const part of rest) {
    at = text.indexOf(part, at)
    if (at === -1) return false
    at += part.length
  }
  return at <= text.length - last.length
}

interface Compared {
  /** Differences that stand in no row. */
  readonly unexplained: readonly string[]
  /** Rows of which no probe differs, and probes of rows that do not differ as the row says. */
  readonly untrue: readonly string[]
}

/** Compares two apps, answer by answer, byte for byte. */
export function compare(probes: readonly Probe[], before: Answers, after: Answers, { answers, wordings }: DifferenceTable): Compared {
  const unexplained: string[] = []
  const used = new Set<Difference | Wording>()
  const untrue: string[] = []
  for (const { name } of probes) {
    const [old, ours] = [before.get(name) as Answer, after.get(name) as Answer]
    const row = answers.find((one) => one.probes.some((pattern) => fits(pattern, name)))
    const wording = wordings.find(
      (one) => fits(one.before, shownError(old)?.message ?? '') && one.after === (shownError(ours)?.message ?? ''),
    )
    const isSame = JSON.stringify(old) === JSON.stringify(ours)
    const isReworded = wording !== undefined && JSON.stringify(withoutMessage(old)) === JSON.stringify(withoutMessage(ours))
    if (row !== undefined) {
      if (isSame || briefOf(old) !== row.before || briefOf(ours) !== row.after)
        untrue.push(`${row.what}: ${name} (${briefOf(old)} -> ${briefOf(ours)})`)
      used.add(row)
    } else if (isReworded) used.add(wording)
    else if (!isSame) unexplained.push(`${name}: ${shown(old, ours)} -> ${shown(ours, old)}`)
  }
  for (const row of answers) if (!used.has(row)) untrue.push(`${row.what}: no probe`)
  for (const row of wordings) if (!used.has(row)) untrue.push(`${row.before}: no probe`)
  return { unexplained, untrue }
}

/**
 * Compares two apps that show less of an error: probes of rows may differ, and no others. Fields that only we send are named.
 *
 * @returns the names of probes with another answer
 */
export function othersThanListed(
  probes: readonly Probe[],
  before: Answers,
  after: Answers,
  { answers, added }: Pick<DifferenceTable, 'answers'> & { readonly added: readonly string[] },
): readonly string[] {
  const same = (name: string): boolean => {
    const { fields, ...rest } = after.get(name) as Answer
    const kept = Object.fromEntries(Object.entries(fields).filter(([field]) => !added.includes(field)))
    const { fields: former, ...others } = before.get(name) as Answer
    return JSON.stringify([rest, kept]) === JSON.stringify([others, former])
  }
  const listed = answers.flatMap((row) => row.probes)
  return probes.map(({ name }) => name).filter((name) => !same(name) && !listed.some((pattern) => fits(pattern, name)))
}

const cells = (...texts: readonly string[]): string => `| ${texts.join(' | ')} |`
const code = (text: string): string => (text === '' ? '' : `\`${text}\``)

/** Expects a page to have the rows of a table, and no other rows under these headings. */
export function expectPage(page: string, { answers, wordings }: DifferenceTable): void {
  const rows = [
    ...answers.map(({ what, before, after, why }) => cells(what, code(before), code(after), why)),
    ...wordings.map(({ before, after, why }) => cells(code(before), code(after), why)),
  ]
  const lines = page.split('\n')
  expect(rows.filter((row) => !lines.includes(row))).toEqual([])
  const start = lines.findIndex((line) => line.startsWith('### Answers that change'))
  const end = lines.findIndex((line, at) => at > start && line.startsWith('## '))
  const found = lines
    .slice(start, end === -1 ? undefined : end)
    .filter((line) => line.startsWith('| ') && !/^\| (what|before) \|/.test(line))
  expect(found.filter((line) => !rows.includes(line))).toEqual([])
}
