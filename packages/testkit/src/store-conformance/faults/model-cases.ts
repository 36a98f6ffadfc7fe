import assert from 'node:assert/strict'
import { isUnavailable, type Stores } from '@countersign/core'
import { memoryStores } from '@countersign/core/memory'
import fc from 'fast-check'
import { contractModels, type ModelCommand } from '../contract-models.js'
import type { StoreCase } from '../store-backend.js'
import type { CaseContext, DefineCase } from '../store-case.js'

/** A call, or time that passes between calls. */
type Step = { readonly lane: 0 | 1; readonly command: ModelCommand } | { readonly passMs: number }

async function answerOf(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call
  } catch (error) {
    if (isUnavailable(error)) throw error
    return error instanceof TypeError ? 'TypeError' : 'Error'
  }
}

interface Subject {
  readonly lanes: readonly [Stores, Stores]
  readonly context: CaseContext
}

/** Takes the model and the store through the same steps; the first answer that differs ends it. */
async function follow(steps: readonly Step[], { lanes, context }: Subject, run: string): Promise<void> {
  const clock = { ms: 1_800_000_000_000 }
  const model = memoryStores({ now: () => clock.ms })
  const cursors = { model: [await model.revocations.cursor()], store: [await lanes[0].revocations.cursor()] }
  for (const [index, step] of steps.entries()) {
    if ('passMs' in step) {
      clock.ms += step.passMs
      await context.pass(step.passMs)
      continue
    }
    const expected = await answerOf(step.command.apply(model, { run, cursors: cursors.model }))
    const actual = await answerOf(step.command.apply(lanes[step.lane], { run, cursors: cursors.store }))
    assert.deepEqual(actual, expected, `step ${index}: ${String(step.command)}`)
  }
}

function stepsOf(command: fc.Arbitrary<ModelCommand>, virtualTime: boolean): fc.Arbitrary<Step[]> {
  const call = fc.record({ lane: fc.constantFrom<0 | 1>(0, 1), command })
  const pass = fc.record({ passMs: fc.constantFrom(1, 400, 1_000, 70_000) })
  return fc.array(virtualTime ? fc.oneof({ weight: 5, arbitrary: call }, { weight: 1, arbitrary: pass }) : call, {
    minLength: 1,
    maxLength: 30,
  })
}

/**
 * Every contract against its model in memory: sequences of calls on two connections, shrunk to the shortest that differs.
 * Time passes in them only where the store's clock can be turned.
 */
export function modelCases(define: DefineCase): readonly StoreCase[] {
  return Object.entries(contractModels).map(([contract, command]) =>
    define(`${contract} answers like the model in memory, for every sequence of calls`, async (context) => {
      const lanes = [context.stores, await context.open()] as const
      const state = { run: 0 }
      const property = fc.asyncProperty(stepsOf(command, context.virtualTime), async (steps) => {
        state.run += 1
        await follow(steps, { lanes, context }, `${state.run}`)
      })
      await fc.assert(property, { numRuns: context.propertyRuns, endOnFailure: false })
    }),
  )
}
