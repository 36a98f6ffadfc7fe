import type { Exploration, Invariant, TraceStep } from './explore.js'

/** A table of answers, as it stands in the document. */
export function renderTable(
  rows: readonly { readonly when: string; readonly answer: string; readonly effect: string }[],
  head: readonly [string, string, string],
): string {
  const lines = rows.map(({ when, answer, effect }) => `| ${when} | \`${answer}\` | ${effect} |`)
  return [`| ${head.join(' | ')} |`, '|---|---|---|', ...lines].join('\n')
}

/** What was done, step by step. */
export function renderTrace(trace: readonly TraceStep[]): string {
  return trace.map(({ action, answer }, index) => `${index + 1}. ${action}${answer === '' ? '' : ` → ${answer}`}`).join('\n')
}

/** What must hold. */
export function renderInvariants(invariants: readonly Invariant<never, never>[]): string {
  return invariants.map(({ name }) => `- ${name}`).join('\n')
}

/** What was looked at. */
export function renderFigures(name: string, { depth, states, transitions, complete }: Exploration<unknown, string>): string {
  const reach = complete ? 'all there are' : `every sequence of up to ${depth} actions`
  return `| ${name} | ${reach} | ${states.toLocaleString('en-US')} | ${transitions.toLocaleString('en-US')} |`
}
