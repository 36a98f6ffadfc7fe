import type { Rotation } from '@countersign/core'
import type { TraceStep } from './explore.js'
import { type FamilyAction, type FamilyState, familyMachine, presenterOf } from './family-machine.js'
import { type FamilyOptions, isGranted, lifeTicks, windowTicks } from './family-table.js'
import { type DrivenStore, happen, type PlayedStep, type PlayedTrace, statesOf } from './played.js'

const family = 'family'

function wordsOf(rotation: Rotation): string {
  switch (rotation.outcome) {
    case 'rotated':
    case 'retry':
      return `${rotation.outcome} ${rotation.generation} ${rotation.data}`
    case 'revoked':
      return `revoked ${rotation.reason}`
    default:
      return rotation.outcome
  }
}

function expectedOf(before: FamilyState, answer: string, generation: number): string {
  if (isGranted(answer)) return `${answer} ${generation + 1} data`
  return answer === 'revoked' ? `revoked ${before.store?.revoked}` : answer
}

function stepOf({ action, answer }: TraceStep<FamilyAction>, before: FamilyState, options: FamilyOptions): PlayedStep {
  const presenter = presenterOf(action)
  if (presenter) {
    const generation = before.held[presenter.client] ?? -1
    return {
      action,
      expected: expectedOf(before, answer, generation),
      async run({ stores, tickMs }) {
        const binding = presenter.client === 'C' ? 'another client' : 'client'
        const more = { heal: options.heal, ...(options.renew && { ttlMs: lifeTicks * tickMs }) }
        return wordsOf(await stores().families.rotate({ family, generation, binding, retryWindowMs: windowTicks * tickMs, ...more }))
      },
    }
  }
  if (action === 'the operator revokes')
    return { action, expected: answer, run: async ({ stores }) => String(await stores().families.revoke(family, 'operator')) }
  return { action, expected: '', run: (driven) => happen(action, driven) }
}

async function found({ stores }: DrivenStore): Promise<string> {
  const record = await stores().families.find(family)
  return record === undefined ? 'nothing' : `${record.generation} ${record.revoked ?? 'good'}`
}

/** A trace of the refresh family, and a look into the store in the end. */
export function playedFamily(trace: readonly TraceStep<FamilyAction>[], options: FamilyOptions): PlayedTrace {
  const states = statesOf(familyMachine(options), trace)
  const steps = trace.map((step, index) => stepOf(step, states[index] ?? familyMachine(options).initial, options))
  const store = states.at(-1)?.store
  const end = store === undefined ? 'nothing' : `${store.generation} ${store.revoked ?? 'good'}`
  return {
    begin: ({ stores, tickMs }) => stores().families.create({ family, binding: 'client', data: 'data', ttlMs: lifeTicks * tickMs }),
    steps: [...steps, { action: 'look into the store', expected: end, run: found }],
  }
}
