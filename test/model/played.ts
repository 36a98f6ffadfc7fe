import type { Stores } from '@countersign/core'
import type { Machine, TraceStep } from './explore.js'

/** A store that a trace is played on, alone. */
export interface DrivenStore {
  readonly tickMs: number
  stores(): Stores
  /** Milliseconds, for how long ago something was issued. */
  now(): number
  tick(): Promise<void>
  backUp(): Promise<void>
  restore(): Promise<void>
  /** Takes its memory away; a new one has begun when it resolves. */
  empty(): Promise<void>
  close(): Promise<void>
}

/** One step of a trace as a store sees it, and what it has to answer. */
export interface PlayedStep {
  readonly action: string
  readonly expected: string
  run(driven: DrivenStore): Promise<string>
}

/** A trace for a store: what comes first, the steps, and what is there in the end. */
export interface PlayedTrace {
  readonly begin: (driven: DrivenStore) => Promise<void>
  readonly steps: readonly PlayedStep[]
}

/** What happens to every store in the same way. */
const environment: Readonly<Record<string, (driven: DrivenStore) => Promise<void>>> = {
  'a tick passes': (driven) => driven.tick(),
  'a backup is made': (driven) => driven.backUp(),
  'the backup is restored': (driven) => driven.restore(),
  'the store is emptied': (driven) => driven.empty(),
  async 'the store is emptied, which takes a tick'(driven) {
    await driven.tick()
    await driven.empty()
  },
}

/** Lets something happen to a store that it does not answer. */
export async function happen(action: string, driven: DrivenStore): Promise<string> {
  await environment[action]?.(driven)
  return ''
}

/** States before each step of a trace. */
export function statesOf<State, Action extends string>(
  machine: Machine<State, Action>,
  trace: readonly TraceStep<Action>[],
): readonly State[] {
  const states = [machine.initial]
  for (const { action } of trace) {
    const before = states.at(-1)
    const step = before === undefined ? undefined : machine.step(before, action)
    if (step === undefined) throw new Error(`not possible: ${action}`)
    states.push(step.state)
  }
  return states
}

/** The first step that a store answers differently, in words; undefined if there is none. The trace has begun. */
export async function play({ steps }: PlayedTrace, driven: DrivenStore): Promise<string | undefined> {
  for (const [index, { action, expected, run }] of steps.entries()) {
    const answer = await run(driven)
    if (answer === expected) continue
    const before = steps.slice(0, index).map((step) => step.action)
    return `${[...before, action].join('; ')}: ${answer} instead of ${expected}`
  }
  return undefined
}
