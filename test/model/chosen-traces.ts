import { claimMachine } from './claim-machine.js'
import { explore, type Machine, type TraceStep } from './explore.js'
import { type FamilyAction, type FamilyState, familyMachine, presenterOf } from './family-machine.js'
import type { FamilyOptions } from './family-table.js'
import { nonceMachine } from './nonce-machine.js'
import type { PlayedTrace } from './played.js'
import { playedFamily } from './played-families.js'
import { playedClaims, playedNonce } from './played-tokens.js'

const mostTicks = 4

const ticksOf = (trace: readonly TraceStep[]): number => trace.filter(({ action }) => action.includes('tick')).length

/** The same numbers in every run. */
function numbers(seed: number): () => number {
  const state = { value: seed }
  return () => {
    state.value = (Math.imul(state.value, 1_103_515_245) + 12_345) >>> 0
    return state.value
  }
}

/** A long way through the machine, at random. */
function walk<State, Action extends string>(
  machine: Machine<State, Action>,
  length: number,
  next: () => number,
): readonly TraceStep<Action>[] {
  const trace: TraceStep<Action>[] = []
  for (let state = machine.initial; trace.length < length; ) {
    const action = machine.actions[(next() >> 8) % machine.actions.length]
    const step = action === undefined ? undefined : machine.step(state, action)
    if (action === undefined || step === undefined) continue
    if (action.includes('tick') && ticksOf(trace) === mostTicks) break
    trace.push({ action, answer: step.answer })
    state = step.state
  }
  return trace
}

/** What makes a step unlike others: the answer, and how the presented token stands to the store. */
function kindOf({ store, held, shared, rolledBack }: FamilyState, action: FamilyAction, answer: string): string {
  const client = presenterOf(action)?.client
  const presented = client && held[client]
  const distance = store && presented !== undefined ? Math.max(-2, Math.min(2, presented - store.generation)) : undefined
  return JSON.stringify([client ?? action, answer, distance, shared, rolledBack])
}

/** Every sequence of up to three actions, the shortest way to every kind of step, and long ways at random. */
export function familyTraces(options: FamilyOptions): readonly PlayedTrace[] {
  const machine = familyMachine(options)
  const { edges } = explore(machine, [], 7)
  const kinds = new Map<string, readonly TraceStep<FamilyAction>[]>()
  const chosen: (readonly TraceStep<FamilyAction>[])[] = []
  for (const { trace, transition } of edges(7)) {
    const kind = kindOf(transition.before, transition.action, transition.answer)
    if (trace.length <= 3) chosen.push(trace)
    else if (!kinds.has(kind) && ticksOf(trace) <= mostTicks) kinds.set(kind, trace)
  }
  const next = numbers(7)
  const walks = Array.from({ length: 60 }, () => walk(machine, 16, next))
  return [...chosen, ...kinds.values(), ...walks].map((trace) => playedFamily(trace, options))
}

/** Every step of every state of a nonce. */
export function nonceTraces(): readonly PlayedTrace[] {
  return [...explore(nonceMachine, [], 100).edges(100)]
    .filter(({ trace }) => ticksOf(trace) <= mostTicks)
    .map(({ trace }) => playedNonce(trace))
}

/** Every sequence of up to four presentations, ticks and losses, and long ways at random. */
export function claimTraces(): readonly PlayedTrace[] {
  const machine = claimMachine()
  const next = numbers(11)
  const walks = Array.from({ length: 60 }, () => walk(machine, 12, next))
  return [...[...explore(machine, [], 4).edges(4)].map(({ trace }) => trace), ...walks].map(playedClaims)
}
